import { OciSaveError } from '../../errors.ts';
import type { Environment } from '../../http/index.ts';
import { hint, option } from '../../text/hint.ts';

/** One release on one service, and the token for it. */
export interface ReleaseTarget {
  readonly api: URL;
  readonly owner: string;
  readonly repo: string;
  readonly tag: string;
  /** The commit of a tag that does not exist yet; GitHub takes the default branch without it. */
  readonly commit: string | undefined;
  readonly token: string;
}

export interface TargetOptions {
  /** As `releaseTag` gave it. */
  readonly tag: string;
  /** `owner/name`; undefined: the one that the workflow runs for. */
  readonly repository?: string | undefined;
  /** Undefined: from the environment. */
  readonly token?: string | undefined;
  readonly env: Environment;
}

/**
 * The tag that a release is for: as written, or for `auto` the one that the workflow runs for. Undefined where no release
 * was asked for. `refs/tags/v1` is `v1`, since workflows have that form.
 * @throws OciSaveError `usage` where there is no tag, or it is not a valid one
 */
export function releaseTag(written: string, env: Environment): string | undefined {
  if (written === '') return undefined;
  if (written !== 'auto') return checkTag(written.replace(/^refs\/tags\//, ''));
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name } = env;
  if (type === 'tag' && name) return checkTag(name);
  const here = name ? `, it runs for the ${type ?? 'ref'} ${name}` : '';
  throw new OciSaveError({
    code: 'usage',
    message: `release: auto takes the tag that a workflow runs for, and this one does not run for a tag${here}`,
    hint: hint`Name the tag (${option('release')} v1.2.3), or let the workflow run on: push: tags.`,
  });
}

/** What git takes as a tag (git-check-ref-format), as far as it could do harm in an address. */
function checkTag(tag: string): string {
  const wrong =
    tag === '' ||
    tag.length > 200 ||
    /[\p{C}\s~^:?*[\\]|\.\.|@\{|\/\/|\.lock$/u.test(tag) ||
    /^[-/.]|[/.]$|^refs\//.test(tag);
  if (!wrong) return tag;
  throw new OciSaveError({
    code: 'usage',
    message: `release: '${tag}' is not a valid tag`,
    hint: 'Write a tag as v1.2.3, or auto for the one that the workflow runs for.',
  });
}

/**
 * Where a release is, and the token that may write there.
 * @throws OciSaveError `usage` where the repository or the token is not known, or the service is not GitHub's
 */
export function releaseTarget({ tag, repository, token, env }: TargetOptions): ReleaseTarget {
  const named = repository ?? env['GITHUB_REPOSITORY'] ?? '';
  const [, owner, repo] = /^(\w[\w.-]*)\/((?=\.*[\w-])[\w.-]+)$/.exec(named) ?? [];
  if (owner === undefined || repo === undefined) throw noRepository(named);
  const given = token || env['GH_TOKEN'] || env['GITHUB_TOKEN'] || '';
  if (given === '') throw noToken();
  const { GITHUB_SHA: sha, GITHUB_REPOSITORY: own, GITHUB_REF_TYPE: type, GITHUB_REF_NAME: ref } = env;
  const tagIsThere = type === 'tag' && ref === tag;
  return {
    api: apiOf(env['GITHUB_API_URL'] || 'https://api.github.com'),
    owner,
    repo,
    tag,
    commit: own === named && sha && !tagIsThere ? sha : undefined,
    token: given,
  };
}

function apiOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new OciSaveError({ code: 'usage', message: `GITHUB_API_URL: '${text}' is not an address` });
  }
  if (!/\/api\/v1\/?$/.test(url.pathname)) return url;
  throw new OciSaveError({
    code: 'usage',
    message: `${url.host} is a Gitea or a Forgejo: their releases are of another kind, and are not supported`,
    hint: hint`Make the archive without ${option('release')} (${option('archive', 'tar')}, ${option('splitSize')}), and upload it with a step of that service.`,
  });
}

function noRepository(named: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message:
      named === ''
        ? 'the repository of the release is not known: GITHUB_REPOSITORY is not set'
        : `'${named}' is not a repository`,
    hint: hint`Write owner/name: oci-save release has ${option('repository')}, and oci-save save reads GITHUB_REPOSITORY.`,
  });
}

function noToken(): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: 'a release needs a token, and there is none',
    hint: 'In a workflow leave the input token out: the job has one. Elsewhere set GH_TOKEN, for example to what gh auth token prints.',
  });
}
