import { OciSaveError } from '../../errors.ts';
import { assetBytes } from './asset-bytes.ts';
import { assetSchema, checked, parsed, unreadable } from './answers.ts';
import { BYTES } from './bounded-fetch.ts';
import { type Connection, HEADERS, PER_PAGE } from './connection.ts';
import { refusalError, unanswered } from './refusal.ts';
import type { NewAsset, Release, ReleaseService } from './service.ts';
import type { ReleaseTarget } from './target.ts';

type AssetCalls = Pick<ReleaseService, 'assets' | 'upload' | 'rename' | 'remove' | 'read'>;

/** The calls that are about the files of a release. */
export function assetCalls({
  target,
  octokit,
  at,
  where,
  ask,
  askOnce,
  soon,
  allPages,
  refusalIn,
  bytes,
  signal,
}: Connection): AssetCalls {
  return {
    async assets({ id, tag }) {
      return allPages(assetSchema, (page) =>
        ask(`files of release ${tag} cannot be listed`, async () => {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/{release_id}/assets', {
            ...at,
            release_id: id,
            page,
            per_page: PER_PAGE,
            request: soon(),
          });
          return answer.data;
        }),
      );
    },
    async upload(release, asset) {
      return askOnce(`${asset.name} cannot be uploaded`, async () => {
        const answer = await octokit.request({
          method: 'POST',
          url: uploadAddress(release, target),
          name: asset.name,
          headers: {
            ...HEADERS,
            'content-type': 'application/octet-stream',
            'content-length': String(asset.size),
          },
          data: bodyOf(asset),
          // Otherwise fetch keeps the whole body in memory, to be able to follow a redirect with it.
          request: { redirect: 'error', ...(signal === undefined ? {} : { signal }) },
        });
        const data: unknown = answer.data;
        return checked(assetSchema, data, where);
      });
    },
    async rename({ id, name: old }, name) {
      return ask(`${old} cannot be renamed to ${name}`, async () => {
        const answer = await octokit.request('PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}', {
          ...at,
          asset_id: id,
          name,
          request: soon(),
        });
        return parsed(assetSchema, answer.data, where);
      });
    },
    async remove({ id, name }) {
      await ask(`${name} cannot be removed`, async () => {
        try {
          await octokit.request('DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}', {
            ...at,
            asset_id: id,
            request: soon(),
          });
        } catch (error) {
          if (refusalIn(error)?.status !== 404) throw error;
        }
      });
    },
    read({ id, name, size }) {
      const subject = `${name} cannot be read`;
      const open = (): Promise<ReadableStream<Uint8Array>> =>
        ask(subject, async () => {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
            ...at,
            asset_id: id,
            headers: { ...HEADERS, accept: BYTES },
            request: { parseSuccessResponseBody: false, ...(signal === undefined ? {} : { signal }) },
          });
          const body: unknown = answer.data;
          if (body instanceof ReadableStream) return body;
          throw unreadable(where);
        });
      const broken = (words: string): OciSaveError => refusalError(subject, where, unanswered(words));
      return assetBytes({ size, open, broken, ...bytes });
    },
  };
}

/** Empty files are refused by the service; ours are never empty. */
function bodyOf({ open }: NewAsset): ReadableStream<Uint8Array> {
  return ReadableStream.from(open());
}

/** The token goes with the bytes: never from https to http. */
function uploadAddress({ uploadUrl }: Release, { api }: ReleaseTarget): string {
  const plain = uploadUrl.replace(/\{.*\}$/, '');
  const url = URL.canParse(plain) ? new URL(plain) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === api.protocol))
    return `${plain}{?name}`;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${api.host} names an address for uploads that cannot be used`,
    hint: 'Nothing was sent: the token would go there unprotected.',
  });
}
