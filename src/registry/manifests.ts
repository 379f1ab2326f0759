import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { ACCEPTED_MANIFESTS, bareType } from '../oci/media-type.ts';
import { boundedBody } from '../http/body.ts';
import { networkError } from './error.ts';
import { manifestSubject, type Repository } from './repository.ts';
import type { Registry } from './registry.ts';
import type { RegistryAnswer, RegistryRequest, Session } from './session.ts';

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
  readonly stallMilliseconds: number;
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
  return session.ask(request, (answer) => {
    answer.discard();
    const { status } = answer;
    const head = status === 200 ? headOf(answer) : undefined;
    // Others than these may be about this one manifest: getManifest finds out. 429 is about neither.
    if (!head && status !== 200 && status !== 429) registry.headDoubts.add(request.subject);
    if (status === 405 || status === 501 || (status === 200 && !head)) registry.headRefused = true;
    return head && isDigest(reference) && head.digest !== reference ? undefined : head;
  });
}

function headOf({ headers }: RegistryAnswer): ManifestHead | undefined {
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
    const head = await session.ask(requestOf('HEAD', call), (answer) => {
      answer.discard();
      const told = answer.status === 200 ? headOf(answer)?.digest : undefined;
      if (answer.status === 405 || answer.status === 501 || (answer.status === 200 && told === undefined)) {
        registry.headRefused = true;
      }
      return told ?? (answer.status === 404 ? 'absent' : undefined);
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
  await session.ask(request, async (answer) => {
    if (![200, 201, 202].includes(answer.status)) throw await answer.error();
    answer.discard();
    const told = digestHeader(answer.headers['docker-content-digest']);
    if (told === undefined || !isDigest(told) || told === digest) return;
    throw new OciSaveError({
      code: 'digest',
      message: `${subject}: ${answer.host} took ${shortDigest(digest)} and calls it ${shortDigest(told)}`,
    });
  });
}

/** Deletes a manifest by its digest. False where the registry does not delete (405), or does not let us. */
export function deleteManifest({ session, repository, reference, signal }: ManifestCall): Promise<boolean> {
  const subject = manifestSubject(repository, reference);
  const target = { kind: 'manifest', reference } as const;
  return session.ask(
    { method: 'DELETE', repository, target, headers: {}, push: true, subject, signal },
    (answer) => {
      answer.discard();
      return answer.status >= 200 && answer.status < 300;
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
  const { bytes, answer } = await call.session.ask(request, async (answer) => {
    if (answer.status !== 200) throw await answer.error();
    return { answer, bytes: await readManifest(call, subject, answer) };
  });
  // HEAD was refused where GET is not: that host's HEAD is of no use.
  if (call.registry.headDoubts.has(subject)) call.registry.headRefused = true;
  const digest = digestOf(bytes);
  checkDigest(call, subject, digest, answer);
  const manifest = parse(bytes, subject, answer);
  return { digest, bytes, size: bytes.length, mediaType: manifest.mediaType, manifest };
}

async function readManifest(
  call: ManifestCall,
  subject: string,
  answer: RegistryAnswer,
): Promise<Uint8Array> {
  const body = boundedBody(answer.body, {
    limit: MAX_MANIFEST_BYTES,
    stallMilliseconds: call.stallMilliseconds,
    signal: call.signal,
    tooLong: () =>
      new OciSaveError({
        code: 'unsupported',
        message: `${subject}: ${answer.host} sent a manifest of more than ${MAX_MANIFEST_BYTES} bytes`,
      }),
    broken: (cause) => networkError(subject, answer.host, cause),
  });
  return new Uint8Array(await buffer(body));
}

function checkDigest(call: ManifestCall, subject: string, digest: Digest, answer: RegistryAnswer): void {
  const { reference, registry, onWarning } = call;
  const pinned = isDigest(reference);
  const wrong = (what: string): OciSaveError =>
    new OciSaveError({ code: 'digest', message: `${subject}: ${answer.host} ${what}` });
  if (pinned && digest !== reference) throw wrong(`served bytes of the digest ${shortDigest(digest)}`);
  const header = digestHeader(answer.headers['docker-content-digest']);
  if (header === undefined || header === digest || !isDigest(header)) return;
  // What it says of a manifest that was read is what it would say to HEAD.
  registry.headRefused = true;
  const claim = `says that the digest is ${shortDigest(header)}`;
  if (pinned) throw wrong(claim);
  onWarning(`${subject}: ${answer.host} ${claim}; its bytes have ${shortDigest(digest)}, which counts`);
}

function parse(bytes: Uint8Array, subject: string, answer: RegistryAnswer): Manifest {
  try {
    return parseManifest(bytes, answer.headers['content-type'] ?? '');
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    const { code, hint, message, cause } = error;
    throw new OciSaveError({ code, hint, cause, message: `${subject}, from ${answer.host}: ${message}` });
  }
}
