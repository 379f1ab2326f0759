import { messageOf, OciSaveError } from '../../errors.ts';
import { HANDOVER } from '../keys.ts';
import type { NewEntry, ReadOutcome, ReadRequest, RemoteCache, SaveOutcome, Trouble } from '../port.ts';
import { createServiceClient, type FoundEntry, type ServiceClient } from './client.ts';
import { takeBack } from './handover.ts';
import { readArchive } from './read-archive.ts';
import { saveEntry } from './save-entry.ts';
import {
  allowed,
  type Compression,
  COMPRESSIONS,
  type Environment,
  findService,
  versionOf,
} from './service.ts';

export interface ActionsCacheOptions {
  readonly env: Environment;
  /** The workspace's real path. */
  readonly workspace: string;
  /** Called with what the runner has to hide, before it is used. */
  readonly onSecret: (secret: string) => void;
  /** Called with the output of @actions/cache, for the debug log. */
  readonly onWords: (words: string) => void;
  readonly onWarning: (message: string) => void;
  readonly stallMilliseconds?: number;
  /** Milliseconds that saving any entry may take, beside those for its bytes. */
  readonly graceMilliseconds?: number;
}

/** The sources have the same bytes: what is silent for longer is not waited for. */
const STALL_MILLISECONDS = 20_000;

/** Beside those for its bytes. */
const GRACE_MILLISECONDS = 60_000;

/** An archive's headers and padding, and what a compression adds. */
const OVERHEAD_BYTES = 4 * 1024 * 1024;

/**
 * The cache of GitHub Actions, and of servers with its protocols. It is written by @actions/cache, and read by our own
 * reader: the restore of @actions/cache puts the archive on disk first, and unpacks it with `tar -P`, which writes to any
 * path that an entry names.
 */
export function createActionsCache(options: ActionsCacheOptions): RemoteCache {
  const { env, workspace, onSecret, onWarning, onWords } = options;
  const { stallMilliseconds = STALL_MILLISECONDS, graceMilliseconds = GRACE_MILLISECONDS } = options;
  const service = findService(env);
  if ('missing' in service) return absent(service.missing);
  onSecret(service.token);
  const client = createServiceClient(service, { env, onSecret, onWarning, stallMilliseconds });
  return {
    unavailable: undefined,
    ...allowed(env),
    read: (request) => readEntry(client, request),
    save: async (entry) =>
      (await whyNotSaved(client, entry)) ?? saveEntry(entry, { workspace, env, onWords, graceMilliseconds }),
    async close() {
      client.close();
      for (const folder of ['packs', 'catalogue']) {
        await takeBack(`${HANDOVER}/${folder}`, workspace).catch((error: unknown) =>
          onWarning(`files for the cache are left in the workspace: ${messageOf(error)}`),
        );
      }
    },
  };
}

function absent(reason: string): RemoteCache {
  const nothing: Trouble = { kind: 'unavailable', reason };
  return {
    unavailable: reason,
    readable: false,
    writable: false,
    read: async () => nothing,
    save: async () => nothing,
    close: async () => {},
  };
}

/** Checked before anything is packed: @actions/cache makes the whole archive before it asks whether the key is free. */
async function whyNotSaved(
  client: ServiceClient,
  { key, folder }: NewEntry,
): Promise<SaveOutcome | undefined> {
  try {
    return (await find(client, { key, folder, match: 'exact' })) && { kind: 'exists' };
  } catch (error) {
    const trouble = troubleOf(error);
    // A job that may only write is not allowed to look up a key.
    return trouble.kind === 'denied' ? undefined : trouble;
  }
}

interface Found extends FoundEntry {
  readonly compression: Compression;
}

async function find(
  client: ServiceClient,
  { key, folder, match, signal }: Pick<ReadRequest, 'key' | 'folder' | 'match' | 'signal'>,
): Promise<Found | undefined> {
  for (const compression of COMPRESSIONS) {
    const entry = await client.find(key, versionOf(folder, compression, process.platform), signal);
    // The service also finds entries whose keys only begin with it.
    if (entry !== undefined && (match === 'newest' || entry.key === key)) return { ...entry, compression };
  }
  return undefined;
}

async function readEntry(client: ServiceClient, request: ReadRequest): Promise<ReadOutcome> {
  const { folder, maxBytes, signal, accepts = () => true, onBytes } = request;
  let found: Found | undefined;
  let taken = 0;
  let refused = 0;
  const take: ReadRequest['take'] = async (file) => {
    const done = await request.take(file);
    if (done === 'taken') taken += 1;
    if (done === 'refused') refused += 1;
    return done;
  };
  try {
    found = await find(client, request);
    if (found === undefined) return { kind: 'miss' };
    const { key, url, compression } = found;
    if (!accepts(key)) return { kind: 'hit', key, refused: 0 };
    const limit = maxBytes + OVERHEAD_BYTES;
    const archive = counted(client.download(url, limit, signal), onBytes);
    const read = await readArchive(archive, { folder, maxBytes: limit, compression, take });
    return { kind: 'hit', key, refused: read.refused };
  } catch (error) {
    signal?.throwIfAborted();
    const trouble = troubleOf(error);
    if (found === undefined) return trouble;
    const { key } = found;
    if (isDamage(error)) return { kind: 'damaged', key, refused, reason: trouble.reason };
    return taken === 0 ? trouble : { kind: 'broken', key, refused, reason: trouble.reason };
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: ((delta: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}

/** Whether an archive itself is wrong: it cannot be unpacked, or is larger than it may be. */
function isDamage(error: unknown): boolean {
  return error instanceof OciSaveError && error.code === 'digest';
}

/** Any failure as a result: it never fails a run. */
function troubleOf(error: unknown): Trouble {
  const reason = messageOf(error);
  return error instanceof OciSaveError && error.code === 'denied'
    ? { kind: 'denied', reason }
    : { kind: 'failed', reason };
}
