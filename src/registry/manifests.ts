import { OciSaveError, unlessMissing } from '../errors.ts';
import { type Digest, digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { ACCEPTED_MANIFESTS, bareType } from '../oci/media-type.ts';
import { LOOKS, PULLS } from './quota-left.ts';
import { manifestSubject } from './repository.ts';
import type { RegistryRequest, RegistryResponse, RepositoryCall } from './session.ts';

/** What a registry's headers claim of a manifest. */
export interface ManifestHead {
  readonly digest: Digest;
  /** Without parameters; proxies get it wrong. */
  readonly mediaType: string;
  readonly size: number;
}

/** A manifest as it was served: its exact bytes, their own hash, their content, and their own media type. */
export interface ServedManifest extends ManifestHead {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** What the registry's header says, where that is not the digest of the bytes. */
  readonly claimed?: Digest | undefined;
}

/**
 * Registries respond 404 where a type that they hold is not asked for: all in one header, as some read only
 * one.
 */
const ACCEPT = { accept: ACCEPTED_MANIFESTS.join(', ') };

function requestOf(
  { repository, signal, patience, retry = true }: RepositoryCall,
  reference: string,
  parts: Pick<RegistryRequest, 'method'> & Partial<RegistryRequest>,
): RegistryRequest {
  const subject = manifestSubject(repository, reference);
  const target = { kind: 'manifest', reference } as const;
  return { repository, target, headers: {}, subject, signal, patience, retry, ...parts };
}

/**
 * HEAD of a manifest: a pull that no quota counts. Undefined where only a GET can tell; a host that refuses
 * HEAD, or says no digest, is not asked again.
 */
export async function headManifest(
  call: RepositoryCall,
  reference: string,
): Promise<ManifestHead | undefined> {
  const { registry } = call.session;
  if (registry.headRefused) return undefined;
  const { status, head } = await requestHead(call, reference);
  // Others than these may be about this one manifest: getManifest finds out. 429 is about neither.
  if (status !== 200 && status !== 429) registry.headDoubts.add(manifestSubject(call.repository, reference));
  return head && isDigest(reference) && head.digest !== reference ? undefined : head;
}

async function requestHead(
  call: RepositoryCall,
  reference: string,
): Promise<{ status: number; head: ManifestHead | undefined }> {
  const { registry } = call.session;
  const request = requestOf(call, reference, { method: 'HEAD', headers: ACCEPT, lane: LOOKS });
  return call.session.request(request, (response) => {
    response.discard();
    const { status } = response;
    const head = status === 200 ? headOf(response) : undefined;
    if (status === 405 || status === 501 || (status === 200 && !head)) registry.headRefused = true;
    return { status, head };
  });
}

function headOf({ headers }: RegistryResponse): ManifestHead | undefined {
  const digest = digestHeader(headers['docker-content-digest']);
  const size = Number(headers['content-length'] ?? Number.NaN);
  if (digest === undefined || !isDigest(digest) || !Number.isSafeInteger(size) || size <= 0) return undefined;
  return { digest, size, mediaType: bareType(headers['content-type'] ?? '') };
}

/** Node's type of a repeated header of this name is a list. */
function digestHeader(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/**
 * What a tag or digest names in a repository that is written to: one HEAD, and a GET only where that tells nothing.
 * Undefined where it is absent.
 * @throws OciSaveError `denied` where the registry does not say
 */
export async function findManifest(
  call: RepositoryCall,
  reference: string,
  onWarning: (message: string) => void,
): Promise<Digest | undefined> {
  const { registry } = call.session;
  if (!registry.headRefused) {
    const { status, head } = await requestHead(call, reference);
    if (head !== undefined || status === 404) return head?.digest;
  }
  try {
    return (await unlessMissing(getManifest(call, reference, onWarning)))?.digest;
  } finally {
    // One repository for which HEAD tells nothing says nothing about the others.
    registry.headDoubts.delete(manifestSubject(call.repository, reference));
  }
}

/**
 * Puts a manifest's exact bytes under a tag or under its digest.
 * @throws OciSaveError `digest` where the registry says another digest
 */
export async function putManifest(
  call: RepositoryCall,
  reference: string,
  { bytes, digest, mediaType }: Pick<ServedManifest, 'bytes' | 'digest' | 'mediaType'>,
): Promise<void> {
  const headers = { 'content-type': mediaType };
  const request = requestOf(call, reference, { method: 'PUT', headers, content: bytes, push: true });
  await call.session.request(request, async (response) => {
    if (![200, 201, 202].includes(response.status)) throw await response.error();
    response.discard();
    const claimed = digestHeader(response.headers['docker-content-digest']);
    if (claimed === undefined || !isDigest(claimed) || claimed === digest) return;
    throw new OciSaveError({
      code: 'digest',
      message: `${request.subject}: ${response.host} took ${shortDigest(digest)} and calls it ${shortDigest(claimed)}`,
    });
  });
}

/** Deletes a manifest by its digest. False where the registry does not delete (405), or does not let us. */
export function deleteManifest(call: RepositoryCall, digest: Digest): Promise<boolean> {
  const request = requestOf(call, digest, { method: 'DELETE', push: true });
  return call.session.request(request, (response) => {
    response.discard();
    return response.status >= 200 && response.status < 300;
  });
}

/**
 * GET of a manifest or index, bounded and hashed.
 * @throws OciSaveError `digest` where the bytes are not those of a pin; `unsupported` where the body is not a manifest
 */
export async function getManifest(
  call: RepositoryCall,
  reference: string,
  onWarning: (message: string) => void,
): Promise<ServedManifest> {
  const { registry } = call.session;
  const request = requestOf(call, reference, { method: 'GET', headers: ACCEPT, lane: PULLS });
  const { subject } = request;
  const { bytes, response } = await call.session.request(request, async (response) => {
    if (response.status !== 200) throw await response.error();
    return { response, bytes: await readManifest(subject, response) };
  });
  // HEAD was refused where GET is not: that host's HEAD is of no use.
  if (registry.headDoubts.has(subject)) registry.headRefused = true;
  const digest = digestOf(bytes);
  const pinned = isDigest(reference);
  const wrong = (what: string): OciSaveError =>
    new OciSaveError({ code: 'digest', message: `${subject}: ${response.host} ${what}` });
  if (pinned && digest !== reference) throw wrong(`served bytes of the digest ${shortDigest(digest)}`);
  const header = digestHeader(response.headers['docker-content-digest']);
  const claimed = header !== undefined && isDigest(header) && header !== digest ? header : undefined;
  // What it says of a manifest that was read is what it would say to HEAD.
  if (claimed !== undefined) registry.headRefused = true;
  if (claimed !== undefined && !pinned) {
    const claim = `says that the digest is ${shortDigest(claimed)}`;
    // The header is wrong, or the bytes were damaged on their way: a registry has what it stores under its digest.
    if (!(await hasManifest(call, digest)))
      throw wrong(`${claim}, and sent bytes of ${shortDigest(digest)}, which it does not have`);
    onWarning(`${subject}: ${response.host} ${claim}; its bytes have ${shortDigest(digest)}, which counts`);
  }
  const manifest = parse(bytes, subject, response);
  const { mediaType } = manifest;
  return { digest, bytes, size: bytes.length, mediaType, manifest, ...(claimed ? { claimed } : {}) };
}

/** Whether a registry serves bytes of this digest under it, whatever its headers say. */
function hasManifest(call: RepositoryCall, digest: Digest): Promise<boolean> {
  const request = requestOf(call, digest, { method: 'GET', headers: ACCEPT, lane: PULLS });
  return call.session.request(request, async (response) => {
    if (response.status === 200) return digestOf(await readManifest(request.subject, response)) === digest;
    const error = await response.error();
    if (error.code === 'not-found') return false;
    throw error;
  });
}

async function readManifest(subject: string, response: RegistryResponse): Promise<Uint8Array> {
  const message = `${subject}: ${response.host} sent a manifest of more than ${MAX_MANIFEST_BYTES} bytes`;
  const tooLong = (): OciSaveError => new OciSaveError({ code: 'unsupported', message });
  return new Uint8Array(await response.whole({ limit: MAX_MANIFEST_BYTES, tooLong }));
}

function parse(bytes: Uint8Array, subject: string, response: RegistryResponse): Manifest {
  try {
    return parseManifest(bytes, response.headers['content-type'] ?? '');
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    throw error.reworded(`${subject}, from ${response.host}: ${error.message}`);
  }
}
