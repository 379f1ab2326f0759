import type { Emit } from '../../events.ts';
import { OciSaveError } from '../../errors.ts';
import { isArtifact, type Lock, placeOf } from '../../lock/index.ts';
import { listTags, type RequestEntry, type ServedTag, serveRegistry } from '../../serve/index.ts';
import { hint, option } from '../../text/hint.ts';
import { VERSION } from '../../version.ts';
import { verifyBundle, type VerifyReport } from '../verify/verify.ts';
import { findZot, type ZotProgram } from './find-zot.ts';
import { runZot } from './run-zot.ts';
import { openServed, type ServedContent } from './served-content.ts';
import { makeZotState } from './zot-root.ts';

export interface ServeBundleOptions {
  /** A bundle's folder, a zot root, an archive or one of its parts. */
  readonly bundle: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** A zot program; empty: `ZOT_BIN`, the bundle's kit, PATH. */
  readonly zot: string;
  /** Serves it without zot. */
  readonly builtIn: boolean;
  /** Whether a bundle is hashed before zot serves it. */
  readonly check: boolean;
}

export interface ServeIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  /** Ends the serving. */
  readonly signal: AbortSignal;
  /** Told once, when everything can be pulled. */
  readonly onServing: (report: ServeReport) => void;
  readonly onRequest: (
    request: Pick<RequestEntry, 'method' | 'path' | 'status' | 'bytes' | 'problem'>,
  ) => void;
}

/** A name that can be pulled, without the address. */
export interface ServedImage {
  readonly name: string;
  readonly digest: string;
  /** Of a name that the lock has; what was pushed, or stands for a signature, has none. */
  readonly kind?: 'image' | 'artifact';
}

/** What is served, at which address. */
export interface ServeReport {
  readonly version: 1;
  readonly tool: { readonly name: 'oci-save'; readonly version: string };
  readonly content: string;
  readonly server: 'zot' | 'built-in';
  /** The zot program. */
  readonly program?: string;
  /** `host:port`, as it is written before a name. */
  readonly address: string;
  readonly url: string;
  /** Each name that can be pulled, without the address, and its digest. */
  readonly images: readonly ServedImage[];
}

/**
 * Serves a bundle until it is interrupted: by zot, which is for everything, else by the built-in registry, which also reads
 * archives where they lie.
 * @returns what is wrong with a bundle that is not served for that; undefined where it was served
 * @throws OciSaveError `usage` or `machine` where nothing was started, `local` where zot fails
 */
export async function serveBundle(
  options: ServeBundleOptions,
  io: ServeIo,
): Promise<VerifyReport | undefined> {
  const { bundle, host, port, builtIn } = options;
  const served = await openServed(bundle);
  const zot = builtIn ? undefined : await zotFor(served, options, io);
  const tags = await listTags(served.root);
  const images = imagesOf(tags, served.lock);
  if (zot === undefined || served.kind === 'archive') {
    const registry = await serveRegistry({ root: served.root, host, port, onRequest: io.onRequest });
    io.onServing(reportOf(bundle, { server: 'built-in', address: registry.address, images }));
    await interrupted(io.signal);
    await registry.close();
    return undefined;
  }
  const damage = options.check ? await damageOf(served, io) : undefined;
  if (damage !== undefined) return damage;
  await serveByZot(served, zot, { known: tags[0], images }, options, io);
  return undefined;
}

/** The zot to serve with; undefined where the built-in registry does it, which is told where it is no matter of course. */
async function zotFor(
  served: ServedContent,
  { zot, bundle }: ServeBundleOptions,
  { env, emit }: ServeIo,
): Promise<ZotProgram | undefined> {
  if (served.kind === 'archive' && zot !== '') {
    throw new OciSaveError({
      code: 'usage',
      message: `zot cannot read ${bundle}: it serves folders alone`,
      hint: hint`Unpack it with oci-save unpack, or leave ${option('zot')} out: the built-in registry reads archives.`,
    });
  }
  if (served.kind === 'archive') return undefined;
  const found = await findZot({ named: zot, env });
  const message = 'no zot was found: the built-in registry serves it, for a look, a test, a small site';
  if (found === undefined) emit({ type: 'log', level: 'info', message });
  return found;
}

async function damageOf(
  served: Exclude<ServedContent, { kind: 'archive' }>,
  { emit, signal }: ServeIo,
): Promise<VerifyReport | undefined> {
  if (served.lock === undefined) {
    const message = `there is no lock in ${served.bundle} or beside it: it was not checked, and zot serves damaged blobs, too`;
    emit({ type: 'log', level: 'warning', message });
    return undefined;
  }
  const options = { content: [served.bundle], withoutLinks: served.kind === 'pool' };
  const report = await verifyBundle(options, { emit, signal, stdin: noBytes() });
  return report.outcome === 'damaged' ? report : undefined;
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

async function serveByZot(
  served: Exclude<ServedContent, { kind: 'archive' }>,
  { file }: ZotProgram,
  { known, images }: { readonly known: ServedTag | undefined; readonly images: readonly ServedImage[] },
  { bundle, host, port }: ServeBundleOptions,
  { emit, signal, onServing, onRequest }: ServeIo,
): Promise<void> {
  const source =
    served.kind === 'pool'
      ? { kind: 'pool' as const, bundle: served.bundle, content: served.content }
      : { kind: 'repositories' as const, root: served.root };
  const state = await makeZotState(source, served.bundle);
  try {
    await runZot(
      { file, state, host, port, known },
      {
        onReady: (address) => onServing(reportOf(bundle, { server: 'zot', program: file, address, images })),
        onRequest,
        onError: (message) => emit({ type: 'log', level: 'error', message: `zot: ${message}` }),
        onLine: (message) => emit({ type: 'log', level: 'debug', message }),
      },
      signal,
    );
  } catch (error) {
    // The user's own doing is how serving ends.
    if (!signal.aborted) throw error;
  } finally {
    await state.close();
  }
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What the tags stand for, by the lock. */
function imagesOf(tags: readonly ServedTag[], lock: Lock | undefined): ServedImage[] {
  const kinds = new Map<string, NonNullable<ServedImage['kind']>>(
    (lock?.images ?? []).flatMap((image) => {
      const kind = isArtifact(image) ? 'artifact' : 'image';
      return image.names.map((stored) => [placeOf(stored), kind] as const);
    }),
  );
  return tags.map(({ repository, tag, digest }) => {
    const name = `${repository}:${tag}`;
    const kind = kinds.get(name);
    return { name, digest, ...(kind === undefined ? {} : { kind }) };
  });
}

function reportOf(
  content: string,
  { address, ...served }: Pick<ServeReport, 'server' | 'program' | 'address' | 'images'>,
): ServeReport {
  return {
    version: 1,
    tool: { name: 'oci-save', version: VERSION },
    content,
    address,
    url: `http://${address}`,
    ...served,
  };
}
