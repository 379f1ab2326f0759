import type { Sample } from './sample.ts';
import { absentChild, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, sha256 } from './tree.ts';

/** One question to a registry over the sample tree, and what zot answers. */
export interface Rule {
  readonly what: string;
  readonly path: string;
  readonly range?: string;
  readonly status: number;
  /** The error's code, on GET. */
  readonly code?: string;
  readonly type?: string;
  readonly digest?: string;
  readonly bytes?: number;
  /** Where HEAD is asked too. */
  readonly head?: string;
}

/** One listing, and the JSON that zot answers. */
export interface Listing {
  readonly path: string;
  readonly json: unknown;
  readonly type: string | undefined;
  readonly filters: string | undefined;
}

/** zot's look-up rules: each holds on the real zot and on our own server. */
export function rulesOf(sample: Sample): Rule[] {
  const one = '/v2/docker.io/library/one';
  const multi = '/v2/docker.io/library/multi';
  const { oci, children } = sample;
  const nothing = sha256('nothing has this digest');
  const found = (
    what: string,
    path: string,
    { digest, mediaType, size }: ReturnType<typeof absentChild>,
  ) => ({
    what,
    path,
    status: 200,
    type: mediaType,
    digest,
    bytes: size,
  });
  const unknown = (what: string, path: string, code: string) => ({ what, path, status: 404, code });
  const layer = `${one}/blobs/${oci.layer.digest}`;
  const rules: Rule[] = [
    found('a tag', `${one}/manifests/1.0`, oci.manifest),
    found('another tag of it', `${one}/manifests/latest`, oci.manifest),
    found('its digest', `${one}/manifests/${oci.manifest.digest}`, oci.manifest),
    found(
      'an entry without tag',
      `${one}/manifests/${sample.digestOnly.manifest.digest}`,
      sample.digestOnly.manifest,
    ),
    found('a referrer', `${one}/manifests/${sample.signature.digest}`, sample.signature),
    found('an index', `${multi}/manifests/1.0`, { ...sample.wholeIndex, mediaType: OCI_INDEX }),
    found('a listed child', `${multi}/manifests/${children[1].digest}`, {
      ...children[1],
      mediaType: OCI_MANIFEST,
    }),
    found('a sparse index', '/v2/docker.io/library/sparse/manifests/1.0', sample.sparseIndex),
    unknown(
      'its absent child',
      `/v2/docker.io/library/sparse/manifests/${absentChild().digest}`,
      'MANIFEST_UNKNOWN',
    ),
    found(
      'an index of unlisted children',
      '/v2/docker.io/library/unlisted/manifests/1.0',
      sample.unlistedIndex,
    ),
    unknown(
      'a child that is not listed, though its blob is there',
      `/v2/docker.io/library/unlisted/manifests/${sample.unlistedChild.digest}`,
      'MANIFEST_UNKNOWN',
    ),
    found('a Docker manifest', '/v2/docker.io/library/v2s2/manifests/1.0', {
      ...sample.docker.manifest,
      mediaType: DOCKER_MANIFEST,
    }),
    unknown('an unknown tag', `${one}/manifests/2.0`, 'MANIFEST_UNKNOWN'),
    unknown('an unknown digest', `${one}/manifests/${nothing}`, 'MANIFEST_UNKNOWN'),
    unknown(
      'a digest of another repository',
      `${multi}/manifests/${oci.manifest.digest}`,
      'MANIFEST_UNKNOWN',
    ),
    unknown(
      'an escaped digest',
      `${one}/manifests/${oci.manifest.digest.replace(':', '%3A')}`,
      'MANIFEST_UNKNOWN',
    ),
    unknown('an unknown repository', '/v2/nothing/manifests/1.0', 'NAME_UNKNOWN'),
    unknown('a folder that is no repository', '/v2/docker.io/manifests/1.0', 'NAME_UNKNOWN'),
    { what: 'a name with capitals', path: '/v2/A/manifests/1.0', status: 404 },
    { what: 'an escaped slash in a name', path: '/v2/a%2Fb/manifests/1', status: 404 },
    { what: 'a repository that the catalogue hides', path: '/v2/team/myblobs/manifests/1', status: 200 },
    { what: 'a repository below another', path: '/v2/a/b/manifests/1', status: 200 },
    { what: 'a layer', path: layer, status: 200, digest: oci.layer.digest, bytes: oci.layer.size },
    { what: 'a config', path: `${one}/blobs/${oci.config.digest}`, status: 200, bytes: oci.config.size },
    { what: 'a manifest as a blob', path: `${one}/blobs/${oci.manifest.digest}`, status: 200 },
    unknown('an unknown blob', `${one}/blobs/${nothing}`, 'BLOB_UNKNOWN'),
    unknown('a blob of another repository', `${multi}/blobs/${oci.layer.digest}`, 'BLOB_UNKNOWN'),
    unknown('a blob of an unknown repository', `/v2/nothing/blobs/${nothing}`, 'BLOB_UNKNOWN'),
    { what: 'the start of a blob', path: layer, range: 'bytes=0-9', status: 206, bytes: 10 },
    { what: 'all but the start', path: layer, range: 'bytes=4-', status: 206, bytes: oci.layer.size - 4 },
    { what: 'the end of a blob', path: layer, range: 'bytes=-5', status: 206, bytes: 5 },
    { what: 'more than there is', path: layer, range: 'bytes=0-99999', status: 206, bytes: oci.layer.size },
    { what: 'beyond the end', path: layer, range: 'bytes=99999-', status: 416 },
    { what: 'a range turned round', path: layer, range: 'bytes=5-2', status: 416 },
    { what: 'no bytes of the end', path: layer, range: 'bytes=-0', status: 416 },
    { what: 'a range without numbers', path: layer, range: 'bytes=-', status: 416 },
    { what: 'a bad digest in referrers', path: `${one}/referrers/sha256:bad`, status: 400 },
    { what: 'the probe', path: '/v2/', status: 200 },
    { what: 'liveness', path: '/livez', status: 200, bytes: 2 },
    { what: 'readiness', path: '/readyz', status: 200, bytes: 2 },
    { what: 'start', path: '/startupz', status: 200, bytes: 2 },
    { what: 'a path outside', path: '/v1/', status: 404 },
    { what: 'a bad number of tags', path: `${one}/tags/list?n=x`, status: 400 },
  ];
  return rules.map((rule) =>
    rule.range === undefined && /\/(manifests|blobs)\//.test(rule.path) ? { ...rule, head: 'as GET' } : rule,
  );
}

/** Listings: each is the same on the real zot and on our own server. */
export function listingsOf(sample: Sample): Listing[] {
  const name = 'docker.io/library/one';
  const referrers = `/v2/${name}/referrers/${sample.oci.manifest.digest}`;
  const { mediaType, digest, size } = sample.signature;
  const signature = {
    mediaType,
    digest,
    size,
    artifactType: 'application/vnd.example.signature',
    annotations: { 'org.example.by': 'somebody' },
  };
  const sbom = { ...sample.sbom, artifactType: 'application/vnd.oci.empty.v1+json' };
  const plain = (path: string, json: unknown): Listing => ({
    path,
    json,
    type: 'application/json',
    filters: undefined,
  });
  const indexed = (path: string, ...manifests: unknown[]): Listing => ({
    path,
    json: { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
    type: OCI_INDEX,
    filters: path.includes('?artifactType=') ? 'artifactType' : undefined,
  });
  return [
    plain('/v2/_catalog', { repositories: sample.catalog }),
    plain('/v2/_catalog?n=3', { repositories: sample.catalog.slice(0, 3) }),
    plain('/v2/_catalog?n=2&last=a/b', { repositories: sample.catalog.slice(2, 4) }),
    plain('/v2/_catalog?n=0', { repositories: [] }),
    plain(`/v2/${name}/tags/list`, { name, tags: ['1.0', 'latest'] }),
    plain(`/v2/${name}/tags/list?n=1`, { name, tags: ['1.0'] }),
    plain(`/v2/${name}/tags/list?last=1.0`, { name, tags: ['latest'] }),
    plain(`/v2/${name}/tags/list?n=0`, { name, tags: [] }),
    indexed(referrers, signature, sbom),
    indexed(`${referrers}?artifactType=${signature.artifactType}`, signature),
    indexed(`${referrers}?artifactType=none`),
    indexed(`/v2/${name}/referrers/${sha256('nothing')}`),
    indexed(`/v2/nothing/referrers/${sha256('nothing')}`),
  ];
}
