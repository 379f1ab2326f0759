/** A stored asset: what is known of its bytes, and the bytes themselves while they are few. */
export interface StoredAsset {
  readonly id: number;
  name: string;
  state: 'uploaded' | 'starter';
  size: number;
  sha256: string;
  bytes: Buffer | undefined;
}

export interface StoredRelease {
  readonly id: number;
  tag: string;
  title: string;
  body: string;
  target: string;
  draft: boolean;
  prerelease: boolean;
  immutable: boolean;
  assets: StoredAsset[];
}

/** What GitHub makes of a name: everything but letters, digits and a few signs becomes a period. */
export function normalisedName(name: string): string {
  const tame = name
    .replaceAll(/[^A-Za-z0-9._@+-]/g, '.')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/\.$/, '');
  return tame.startsWith('.') ? `default${tame}` : tame;
}

const MOMENT = '2026-11-02T03:04:05Z';

const user = (origin: string): object => ({
  login: 'github-actions[bot]',
  id: 41_898_282,
  node_id: 'MDM6Qm90NDE4OTgyODI=',
  avatar_url: `${origin}/avatar`,
  gravatar_id: '',
  url: `${origin}/users/bot`,
  html_url: `${origin}/bot`,
  followers_url: `${origin}/users/bot/followers`,
  following_url: `${origin}/users/bot/following{/other_user}`,
  gists_url: `${origin}/users/bot/gists{/gist_id}`,
  starred_url: `${origin}/users/bot/starred{/owner}{/repo}`,
  subscriptions_url: `${origin}/users/bot/subscriptions`,
  organizations_url: `${origin}/users/bot/orgs`,
  repos_url: `${origin}/users/bot/repos`,
  events_url: `${origin}/users/bot/events{/privacy}`,
  received_events_url: `${origin}/users/bot/received_events`,
  type: 'Bot',
  site_admin: false,
});

export interface Origins {
  readonly api: string;
  readonly uploads: string;
  readonly storage: string;
  readonly repository: string;
}

export function assetJson(
  asset: StoredAsset,
  { tag }: StoredRelease,
  origins: Origins,
  digests: boolean,
): object {
  const { api, repository } = origins;
  return {
    url: `${api}/repos/${repository}/releases/assets/${asset.id}`,
    id: asset.id,
    node_id: `RA_${asset.id}`,
    name: asset.name,
    label: '',
    uploader: user(api),
    content_type: 'application/octet-stream',
    state: asset.state,
    size: asset.size,
    digest: digests && asset.state === 'uploaded' ? `sha256:${asset.sha256}` : null,
    download_count: 0,
    created_at: MOMENT,
    updated_at: MOMENT,
    browser_download_url: `${api}/${repository}/releases/download/${encodeURIComponent(tag)}/${asset.name}`,
  };
}

/** What stands for a tag: in the address of a draft, and in its place where an edit of a draft left it out. */
export function untaggedName({ id }: Pick<StoredRelease, 'id'>): string {
  return `untagged-${id.toString(16).padStart(20, '0')}`;
}

/** The page of a draft has no tag in its address. */
export function pageOf(release: StoredRelease, { api, repository }: Origins): string {
  const place = release.draft ? untaggedName(release) : encodeURIComponent(release.tag);
  return `${api}/${repository}/releases/tag/${place}`;
}

export function releaseJson(release: StoredRelease, origins: Origins, digests: boolean): object {
  const { api, uploads, repository } = origins;
  const { id, tag, draft, prerelease, immutable, assets } = release;
  const url = `${api}/repos/${repository}/releases/${id}`;
  return {
    url,
    assets_url: `${url}/assets`,
    upload_url: `${uploads}/repos/${repository}/releases/${id}/assets{?name,label}`,
    html_url: pageOf(release, origins),
    id,
    author: user(api),
    node_id: `RE_${id}`,
    tag_name: tag,
    target_commitish: release.target,
    name: release.title,
    draft,
    immutable,
    prerelease,
    created_at: MOMENT,
    published_at: draft ? null : MOMENT,
    updated_at: MOMENT,
    assets: assets.map((asset) => assetJson(asset, release, origins, digests)),
    tarball_url: draft ? null : `${api}/repos/${repository}/tarball/${encodeURIComponent(tag)}`,
    zipball_url: draft ? null : `${api}/repos/${repository}/zipball/${encodeURIComponent(tag)}`,
    body: release.body,
  };
}
