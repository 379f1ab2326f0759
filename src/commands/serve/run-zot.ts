import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { OciSaveError } from '../../errors.ts';
import { run } from '../../process.ts';
import { checkAddress, reachableAddress, type RequestEntry, type ServedTag } from '../../serve/index.ts';
import { asksFor } from './ask-for-tag.ts';
import { zotConfig, type ZotSettings } from './zot-config.ts';
import { readZotLine } from './zot-log.ts';
import type { ZotState } from './zot-root.ts';

export interface ZotRun {
  /** The program. */
  readonly file: string;
  readonly state: ZotState;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** What it must answer before it counts as ready: it answers for an empty root, too. Undefined where nothing is known. */
  readonly known: ServedTag | undefined;
}

export interface ZotListeners {
  /** It answers with what is expected, at this address. */
  readonly onReady: (address: string) => void;
  readonly onRequest: (request: Pick<RequestEntry, 'method' | 'path' | 'status' | 'bytes'>) => void;
  readonly onError: (message: string) => void;
  /** Each line of its log, as it comes. */
  readonly onLine: (line: string) => void;
}

/** What `zot verify` may take. */
const VERIFY_MILLISECONDS = 30_000;
/** What zot may take to its first answer: its scan of a root without a marker is slow, and ours has one. */
const READY_MILLISECONDS = 60_000;

/**
 * Runs zot until `signal` ends it, which is how it always ends when all is well.
 * @throws OciSaveError `machine` where the port is taken or zot refuses its configuration, `local` where it ends by itself
 */
export async function runZot(zot: ZotRun, listeners: ZotListeners, signal: AbortSignal): Promise<void> {
  const { file, state, host, known } = zot;
  // Where the port is taken, zot exits with 0 and one line, and whoever has the port may answer in its place.
  const port = await checkAddress(host, zot.port);
  const config = await writeConfig(file, state, { root: state.root, host, port }, signal);
  const address = reachableAddress(host, port);
  const errors: string[] = [];
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let asksAlone = true;
  /** Before it is ready nobody but us asks, and the last line of that may come later. */
  const isOurs = ({ path: place }: Pick<RequestEntry, 'path'>): boolean => {
    if (!asksAlone || !place.endsWith(known === undefined ? '/v2/' : `/manifests/${known.tag}`)) return false;
    asksAlone = !isReady;
    return true;
  };
  let isReady = false;
  const hear = (line: string): boolean => {
    listeners.onLine(line);
    const said = readZotLine(line);
    if (said.kind === 'request' && !isOurs(said.request)) listeners.onRequest(said.request);
    // It calls its own end an error.
    if (said.kind !== 'error' || both.aborted) return false;
    errors.push(said.message);
    // Where it does not get ready, the error that this ends with has it.
    if (isReady) listeners.onError(said.message);
    return false;
  };
  const ended = run(file, ['serve', config], {
    env: environmentIn(state),
    cwd: state.folder,
    signal: both,
    onOutputLine: hear,
    onErrorLine: hear,
  });
  const endedAlone = ended.then((): never => {
    throw new OciSaveError({
      code: 'local',
      message: `zot ended by itself${errors.length === 0 ? '' : `: ${errors.at(-1)}`}`,
      hint: `It is ${file}.`,
    });
  });
  try {
    await Promise.race([endedAlone, waitUntilReady(address, known, both)]);
    isReady = true;
    for (const message of errors) listeners.onError(message);
    listeners.onReady(address);
    await endedAlone;
  } finally {
    stop.abort();
    await Promise.allSettled([ended, endedAlone]);
  }
}

/** Asks again and again, more and more seldom. */
async function waitUntilReady(
  address: string,
  known: ServedTag | undefined,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + READY_MILLISECONDS;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 500)) {
    const answer = await asksFor(address, known, signal);
    if (answer === 'right') return;
    if (performance.now() > deadline) {
      const what = known === undefined ? '' : ` with ${known.repository}:${known.tag}`;
      throw new OciSaveError({
        code: 'local',
        message: `zot does not answer at ${address}${what}${answer === 'none' ? '' : `, but ${answer}`}`,
      });
    }
    await wait(pause, undefined, { signal });
  }
}

/** Writes the configuration that this zot takes; returns its file. */
async function writeConfig(
  file: string,
  state: ZotState,
  settings: ZotSettings,
  signal: AbortSignal,
): Promise<string> {
  const config = path.join(state.folder, 'zot.json');
  let refusal = '';
  for (const timeouts of [true, false]) {
    await writeFile(config, zotConfig(settings, timeouts));
    const { exitCode, stdout, stderr } = await run(file, ['verify', config], {
      env: environmentIn(state),
      cwd: state.folder,
      signal,
      limitMilliseconds: VERIFY_MILLISECONDS,
    });
    if (exitCode === 0) return config;
    const lines = `${stdout}\n${stderr}`.split('\n').map(readZotLine);
    refusal = lines.flatMap((line) => (line.kind === 'error' ? [line.message] : [])).at(-1) ?? '';
  }
  throw new OciSaveError({
    code: 'machine',
    message: `${file} refuses the configuration for this bundle${refusal === '' ? '' : `: ${refusal}`}`,
    hint: 'Is it zot, version 2?',
  });
}

/** zot needs nothing of the user's environment: no credential of theirs is its business. */
function environmentIn({ folder }: ZotState): Record<string, string> {
  return { HOME: folder, TMPDIR: folder };
}
