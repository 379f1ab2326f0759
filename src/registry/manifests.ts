import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { ACCEPTED_MANIFESTS, bareType } from '../oci/media-type.ts';
import { manifestSubject, type Repository } from './repository.ts';
import type { Registry } from './registry.ts';
import type { RegistryResponse, RegistryRequest, Session } from './session.ts';

/** What a registry's headers claim of a manifest. */
export interface ManifestHead {
  readonly digest: Digest;
  /** Without parameters; proxies get it wrong. */
  readonly mediaType: string;
  readonly size: number;
}

/** A manifest as it was served: its exact bytes, their own hash, what they say, and the type that they tell. */
export interface ServedManifest extends ManifestHead {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

export interface ManifestCall {
  readonly registry: Registry;
  readonly session: Session;
  readonly repository: Repository;
  /** A tag or a digest. */
  readonly reference: string;
  readonly signal: AbortSignal | undefined;
  /** False for one attempt. */
  readonly retry?: boolean;
  readonly onWarning: (message: string) => void;
}

/**
 * Registries answer 404 where a type that they hold is not asked for: all in one header, as some read only
 * one.
 */
const ACCEPT = ACCEPTED_MANIFESTS.join(', ');

function requestOf(
  method: 'GET' | 'HEAD',
  { repository, reference, signal, retry = true }: ManifestCall,
): RegistryRequest {
  const subject = manifestSubject(repository, reference);
  const target = { kind: 'manifest', reference } as const;
  return { method, repository, target, headers: { accept: ACCEPT }, subject, signal, retry };
}

/**
 * HEAD of a manifest: a pull that no quota counts. Undefined where only a GET can tell; a host that refuses
 * HEAD, or says no digest, is not asked again.
 */
export async function headManifest(call: ManifestCall): Promise<ManifestHead | undefined> {
  const { registry, session, reference } = call;
  if (registry.headRefused) return undefined;
  const request = requestOf('HEAD', call);
  return session.request(request, (response) => {
    response.discard();
    const { status } = response;
    const head = status === 200 ? headOf(response) : undefined;
    // Others than these may be about this one manifest: getManifest finds out. 429 is about neither.
    if (!head && status !== 200 && status !== 429) registry.headDoubts.add(request.subject);
    if (status === 405 || status === 501 || (status === 200 && !head)) registry.headRefused = true;
    return head && isDigest(reference) && head.digest !== reference ? undefined : head;
  });
}

function headOf({ headers }: RegistryResponse): ManifestHead | undefined {
  const digest = digestHeader(headers['docker-content-digest']);
  const size = Number(headers['content-length'] ?? Number.NaN);
  if (digest === undefined || !isDigest(digest) || !Number.isSafeInteger(size) || size <= 0) return undefined;
  return { digest, size, mediaType: bareType(headers['content-type'] ?? '') };
}

/** Node types a repeated header of this name as a list. */
function digestHeader(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/**
 * What a tag or digest names in a repository that is written to: one HEAD, and a GET only where that tells nothing.
 * Undefined where nothing stands there.
 * @throws OciSaveError `denied` where it is not told
 */
export async function findManifest(call: ManifestCall): Promise<Digest | undefined> {
  const { registry, session, reference } = call;
  if (!registry.headRefused) {
    const head = await session.request(requestOf('HEAD', call), (response) => {
      response.discard();
      const digest = response.status === 200 ? headOf(response)?.digest : undefined;
      if (
        response.status === 405 ||
        response.status === 501 ||
        (response.status === 200 && digest === undefined)
      ) {
        registry.headRefused = true;
      }
      return digest ?? (response.status === 404 ? 'absent' : undefined);
    });
    if (head !== undefined) return head === 'absent' ? undefined : head;
  }
  try {
    return (await getManifest(call)).digest;
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
    throw error;
  } finally {
    // One repository that does not tell by HEAD says nothing of the others.
    registry.headDoubts.delete(manifestSubject(call.repository, reference));
  }
}

/**
 * Puts a manifest under a tag or under its digest, its exact bytes, and believes it only with the right digest.
 * @throws OciSaveError `digest` where the registry says another one
 */
export async function putManifest(
  call: ManifestCall,
  manifest: Pick<ServedManifest, 'bytes' | 'digest' | 'mediaType'>,
): Promise<void> {
  const { bytes, digest, mediaType } = manifest;
  const { repository, reference, signal, session } = call;
  const subject = manifestSubject(repository, reference);
  const request: RegistryRequest = {
    method: 'PUT',
    repository,
    target: { kind: 'manifest', reference },
    headers: { 'content-type': mediaType },
    content: bytes,
    push: true,
    subject,
    signal,
  };
  await session.request(request, async (response) => {
    if (![200, 201, 202].includes(response.status)) throw await response.error();
    response.discard();
    const claimed = digestHeader(response.headers['docker-content-digest']);
    if (claimed === undefined || !isDigest(claimed) || claimed === digest) return;
    throw new OciSaveError({
      code: 'digest',
      message: `${subject}: ${response.host} took ${shortDigest(digest)} and calls it ${shortDigest(claimed)}`,
    });
  });
}

/** Deletes a manifest by its digest. False where the registry does not delete (405), or does not let us. */
export function deleteManifest({ session, repository, reference, signal }: ManifestCall): Promise<boolean> {
  const subject = manifestSubject(repository, reference);
  const target = { kind: 'manifest', reference } as const;
  return session.request(
    { method: 'DELETE', repository, target, headers: {}, push: true, subject, signal },
    (response) => {
      response.discard();
      return response.status >= 200 && response.status < 300;
    },
  );
}

/**
 * GET of a manifest or index, bounded and hashed.
 * @throws OciSaveError `digest` where the bytes, or the registry's own header, are not those of a pin;
 *   `unsupported` where the body is no manifest
 */
export async function getManifest(call: ManifestCall): Promise<ServedManifest> {
  const request = requestOf('GET', call);
  const { subject } = request;
  const { bytes, response } = await call.session.request(request, async (response) => {
    if (response.status !== 200) throw await response.error();
    return { response, bytes: await readManifest(subject, response) };
  });
  // HEAD was refused where GET is not: that host's HEAD is of no use.
  if (call.registry.headDoubts.has(subject)) call.registry.headRefused = true;
  const digest = digestOf(bytes);
  checkDigest(call, subject, digest, response);
  const manifest = parse(bytes, subject, response);
  return { digest, bytes, size: bytes.length, mediaType: manifest.mediaType, manifest };
}

async function readManifest(subject: string, response: RegistryResponse): Promise<Uint8Array> {
  return new Uint8Array(
    await response.whole({
      limit: MAX_MANIFEST_BYTES,
      tooLong: () =>
        new OciSaveError({
          code: 'unsupported',
          message: `${subject}: ${response.host} sent a manifest of more than ${MAX_MANIFEST_BYTES} bytes`,
        }),
    }),
  );
}

function checkDigest(call: ManifestCall, subject: string, digest: Digest, response: RegistryResponse): void {
  const { reference, registry, onWarning } = call;
  const pinned = isDigest(reference);
  const wrong = (what: string): OciSaveError =>
    new OciSaveError({ code: 'digest', message: `${subject}: ${response.host} ${what}` });
  if (pinned && digest !== reference) throw wrong(`served bytes of the digest ${shortDigest(digest)}`);
  const header = digestHeader(response.headers['docker-content-digest']);
  if (header === undefined || header === digest || !isDigest(header)) return;
  // What it says of a manifest that was read is what it would say to HEAD.
  registry.headRefused = true;
  const claim = `says that the digest is ${shortDigest(header)}`;
  if (pinned) throw wrong(claim);
  onWarning(`${subject}: ${response.host} ${claim}; its bytes have ${shortDigest(digest)}, which counts`);
}

function parse(bytes: Uint8Array, subject: string, response: RegistryResponse): Manifest {
  try {
    return parseManifest(bytes, response.headers['content-type'] ?? '');
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    const { code, hint, message, cause } = error;
    throw new OciSaveError({ code, hint, cause, message: `${subject}, from ${response.host}: ${message}` });
  }
}
