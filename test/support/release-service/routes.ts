import { z } from 'zod';
import { type Answer, type Fault, invalid, invalidAll, notFound, refused } from './answer.ts';
import type { Operation } from './contract.ts';
import type { Received } from './receive.ts';
import {
  assetJson,
  normalisedName,
  type Origins,
  releaseJson,
  type StoredAsset,
  type StoredRelease,
  untaggedName,
} from './state.ts';
import type { ReleaseServiceOptions, TagRule } from './switches.ts';

/** One repository's releases, and GitHub's rules for them. */
export interface Repository {
  readonly releases: StoredRelease[];
  nextId(): number;
  /** Names of removed assets that count as taken still, and how often. */
  readonly lagging: Map<string, number>;
  /** How often a release that was just published is not found by its tag, by id. */
  readonly unseen: Map<number, number>;
  /** How many lists a release is absent from still, by id. */
  readonly unlisted: Map<number, number>;
  /** Tags of the repository. Those of published releases are there as well. */
  readonly tags: Set<string>;
}

export interface Asked {
  readonly repository: Repository;
  readonly options: ReleaseServiceOptions;
  readonly origins: Origins;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly accept: string;
  /** The path's variables. */
  readonly place: Readonly<Record<string, string>>;
}

type Handler = (asked: Asked) => Answer;

const createSchema = z.object({
  tag_name: z.string(),
  target_commitish: z.string().optional(),
  name: z.string().default(''),
  body: z.string().default(''),
  draft: z.boolean().default(false),
  prerelease: z.boolean().default(false),
});
const updateSchema = z.object({
  tag_name: z.string().optional(),
  target_commitish: z.string().optional(),
  draft: z.boolean().optional(),
  body: z.string().optional(),
  name: z.string().optional(),
});

const digestsOf = ({ options }: Asked): boolean => options.digests ?? true;
const releaseOf = ({ repository, place }: Asked): StoredRelease | undefined =>
  repository.releases.find(({ id }) => String(id) === place['release_id']);

function assetOf({ repository, place }: Asked): { release: StoredRelease; asset: StoredAsset } | undefined {
  for (const release of repository.releases) {
    const asset = release.assets.find(({ id }) => String(id) === place['asset_id']);
    if (asset !== undefined) return { release, asset };
  }
  return undefined;
}

function paged(all: readonly unknown[], { query, origins }: Asked, path: string): Answer {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const page = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (to: number, rel: string): string =>
    `<${origins.api}${path}?per_page=${size}&page=${to}>; rel="${rel}"`;
  const links = page < last ? [link(page + 1, 'next'), link(last, 'last')] : [];
  return {
    status: 200,
    json: all.slice((page - 1) * size, page * size),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}

/** Refuses a name that is there, or that a removed asset had a moment ago. */
function nameTaken(release: StoredRelease, name: string, { repository }: Asked): boolean {
  const lag = repository.lagging.get(name) ?? 0;
  if (lag > 0) repository.lagging.set(name, lag - 1);
  return lag > 0 || release.assets.some((asset) => asset.name === name);
}

/** Why no tag can be made, as GitHub says it. */
function noTag(rule: TagRule, tag: string): Answer {
  if (rule === 'workflows') return refused(403, 'Resource not accessible by integration');
  const release = { resource: 'Release', code: 'custom' };
  const receive = (words: string): Fault => ({
    ...release,
    field: 'pre_receive',
    message: `pre_receive ${words}`,
  });
  const restricted = receive(
    'Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n',
  );
  const reasons: Record<Exclude<TagRule, 'workflows'>, Fault[]> = {
    ruleset: [restricted],
    protection: [receive(`protected tag '${tag}' check failed:\n  You're not authorized to create a tag`)],
    used: [
      restricted,
      { ...release, field: 'tag_name', message: 'tag_name was used by an immutable release' },
    ],
  };
  return invalidAll(...reasons[rule], { ...release, message: 'Published releases must have a valid tag' });
}

const TAKEN = (): Answer => invalid('ReleaseAsset', 'name', 'already_exists');
const IMMUTABLE = 'Cannot upload assets to an immutable release.';

export const HANDLERS: Record<
  Exclude<Operation, 'POST /repos/{owner}/{repo}/releases/{release_id}/assets'>,
  Handler
> = {
  'GET /repos/{owner}/{repo}/releases': (asked) => {
    const { releases, unlisted } = asked.repository;
    const listed = releases.filter(({ id }) => (unlisted.get(id) ?? 0) === 0);
    for (const [id, lag] of unlisted) unlisted.set(id, Math.max(0, lag - 1));
    return paged(
      listed
        .toSorted((a, b) => b.id - a.id)
        .map((release) => releaseJson(release, asked.origins, digestsOf(asked))),
      asked,
      `/repos/${asked.origins.repository}/releases`,
    );
  },

  'POST /repos/{owner}/{repo}/releases': (asked) => {
    const { repository, body, origins, options } = asked;
    const given = createSchema.parse(body);
    const published = repository.releases.some(({ tag, draft }) => !draft && tag === given.tag_name);
    if (published && !given.draft) return invalid('Release', 'tag_name', 'already_exists');
    // GitHub asks for more than the right to write releases where it is told the commit of the tag (cli/cli #9514).
    if (options.tagRule === 'workflows' && given.target_commitish !== undefined)
      return noTag('workflows', given.tag_name);
    const id = repository.nextId();
    const release: StoredRelease = {
      id,
      tag: given.draft && options.untagged !== undefined ? untaggedName({ id }) : given.tag_name,
      title: given.name,
      body: given.body,
      target: given.target_commitish ?? 'main',
      draft: given.draft,
      prerelease: given.prerelease,
      immutable: false,
      assets: [],
    };
    repository.releases.push(release);
    repository.unlisted.set(id, options.listLag ?? 0);
    return { status: 201, json: releaseJson(release, origins, digestsOf(asked)) };
  },

  // Nothing is kept of them. They are given to those alone who may write (web-infra-dev/midscene #2827).
  'POST /repos/{owner}/{repo}/releases/generate-notes': ({ body }) => {
    const { tag_name: tag } = z.object({ tag_name: z.string() }).parse(body);
    return { status: 200, json: { name: tag, body: `**Full Changelog**: ${tag}` } };
  },

  'GET /repos/{owner}/{repo}/releases/tags/{tag}': (asked) => {
    const wanted = decodeURIComponent(asked.place['tag'] ?? '');
    // Drafts have no tag yet.
    const release = asked.repository.releases.find(({ tag, draft }) => !draft && tag === wanted);
    if (release === undefined) return notFound();
    const lag = asked.repository.unseen.get(release.id) ?? 0;
    if (lag > 0) {
      asked.repository.unseen.set(release.id, lag - 1);
      return notFound();
    }
    return { status: 200, json: releaseJson(release, asked.origins, digestsOf(asked)) };
  },

  'GET /repos/{owner}/{repo}/releases/{release_id}': (asked) => {
    const release = releaseOf(asked);
    if (release === undefined) return notFound();
    return { status: 200, json: releaseJson(release, asked.origins, digestsOf(asked)) };
  },

  'PATCH /repos/{owner}/{repo}/releases/{release_id}': (asked) => {
    const release = releaseOf(asked);
    if (release === undefined) return notFound();
    const given = updateSchema.parse(asked.body);
    const publishes = given.draft === false && release.draft;
    // A draft whose tag is not named again loses it (release-drafter #204, mongosh #691, goreleaser #4755).
    const named = asked.options.untagged === 'always' ? undefined : given.tag_name;
    const tag = named ?? (release.draft ? untaggedName(release) : release.tag);
    const others = asked.repository.releases.filter((one) => one !== release && !one.draft);
    if (publishes && others.some((one) => one.tag === tag)) {
      return invalid('Release', 'tag_name', 'already_exists');
    }
    const { tagRule } = asked.options;
    if (publishes && tagRule !== undefined && !asked.repository.tags.has(tag)) return noTag(tagRule, tag);
    release.tag = tag;
    // GitHub's description: without a new one the existing target stays.
    release.target = given.target_commitish ?? release.target;
    release.body = given.body ?? release.body;
    release.title = given.name ?? release.title;
    release.draft = given.draft ?? release.draft;
    release.immutable ||= publishes && asked.options.immutableReleases === true;
    if (publishes) asked.repository.unseen.set(release.id, asked.options.tagLag ?? 0);
    return { status: 200, json: releaseJson(release, asked.origins, digestsOf(asked)) };
  },

  'DELETE /repos/{owner}/{repo}/releases/{release_id}': (asked) => {
    const release = releaseOf(asked);
    if (release === undefined) return notFound();
    asked.repository.releases.splice(asked.repository.releases.indexOf(release), 1);
    return { status: 204 };
  },

  'GET /repos/{owner}/{repo}/releases/{release_id}/assets': (asked) => {
    const release = releaseOf(asked);
    if (release === undefined) return notFound();
    const { origins } = asked;
    const all = release.assets.map((asset) => assetJson(asset, release, origins, digestsOf(asked)));
    return paged(all, asked, `/repos/${origins.repository}/releases/${release.id}/assets`);
  },

  'GET /repos/{owner}/{repo}/releases/assets/{asset_id}': (asked) => {
    const found = assetOf(asked);
    if (found === undefined) return notFound();
    if (asked.accept === 'application/octet-stream') {
      return {
        status: 302,
        headers: { location: `${asked.origins.storage}/${found.asset.id}?signature=secret` },
      };
    }
    return { status: 200, json: assetJson(found.asset, found.release, asked.origins, digestsOf(asked)) };
  },

  'PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}': (asked) => {
    const found = assetOf(asked);
    if (found === undefined) return notFound();
    const { release, asset } = found;
    const name = normalisedName(z.object({ name: z.string() }).parse(asked.body).name);
    if (release.immutable) return refused(422, 'Cannot edit assets of an immutable release.');
    if (nameTaken(release, name, asked)) return TAKEN();
    asset.name = name;
    return { status: 200, json: assetJson(asset, release, asked.origins, digestsOf(asked)) };
  },

  'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}': (asked) => {
    const found = assetOf(asked);
    if (found === undefined) return notFound();
    const { release, asset } = found;
    if (release.immutable) return refused(422, 'Cannot delete assets of an immutable release.');
    release.assets.splice(release.assets.indexOf(asset), 1);
    const { nameLag = 0 } = asked.options;
    if (nameLag > 0) asked.repository.lagging.set(asset.name, nameLag);
    return { status: 204 };
  },
};

const GITHUB_MAX_BYTES = 2 ** 31;

/** What GitHub says to an upload before it has read a byte of it; undefined where it takes it. */
export function refuseUpload(asked: Asked, length: number | undefined): Answer | undefined {
  const { maxFileBytes = GITHUB_MAX_BYTES, maxFiles = 1000 } = asked.options;
  const release = releaseOf(asked);
  if (release === undefined) return notFound();
  if (length === undefined) return refused(411, 'Length Required');
  if (release.immutable) return refused(422, IMMUTABLE);
  if (length === 0) return invalid('ReleaseAsset', 'size', 'custom', 'size is not included in the list');
  if (length > maxFileBytes) {
    return invalid('ReleaseAsset', 'size', 'custom', `size must be less than or equal to ${maxFileBytes}`);
  }
  if (release.assets.length >= maxFiles) {
    return invalid(
      'ReleaseAsset',
      'file_count',
      'custom',
      `file_count limited to ${maxFiles} assets per release`,
    );
  }
  return nameTaken(release, normalisedName(asked.query.get('name') ?? ''), asked) ? TAKEN() : undefined;
}

/** Takes what arrived as an asset; `starter` where it broke off. */
export function storeAsset(
  asked: Asked,
  { size, sha256, bytes }: Received,
  state: StoredAsset['state'],
): Answer {
  const release = releaseOf(asked);
  if (release === undefined) return notFound();
  const asset: StoredAsset = {
    id: asked.repository.nextId(),
    name: normalisedName(asked.query.get('name') ?? ''),
    state,
    size: state === 'starter' ? 0 : size,
    sha256,
    bytes: state === 'starter' ? undefined : bytes,
  };
  release.assets.push(asset);
  return { status: 201, json: assetJson(asset, release, asked.origins, digestsOf(asked)) };
}
