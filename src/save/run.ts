import { openOutputFolder, type OutputFolder } from '../bundle/index.ts';
import type { Emit } from '../events.ts';
import type { SaveOptions } from '../options.ts';
import type { WantedImage } from '../resolve/index.ts';
import type { Places } from './places.ts';
import { type Environment, openSession, type Session } from './session.ts';

/** What a run is given by the face that starts it. */
export interface SaveIo {
  readonly env: Environment;
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** A lock copies nothing, but reads the configs of images without an index: only they tell a platform. */
  readonly lockOnly?: boolean;
}

/** One run, with all that it holds open. */
export interface Run {
  readonly options: SaveOptions;
  readonly io: SaveIo;
  readonly places: Places;
  readonly wanted: readonly WantedImage[];
  readonly session: Session;
  /** Undefined where no folder is wanted. */
  readonly output: OutputFolder | undefined;
}

/** Opens the output and the session, works, and closes both whatever happens. */
export async function withRun<T>(
  given: Omit<Run, 'session' | 'output'>,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { options, io, places } = given;
  const wantsFolder = places.output !== undefined && !options.dryRun;
  const output = wantsFolder ? await openOutputFolder(places.output) : undefined;
  try {
    const session = await openSession(options, io.env, io.emit);
    try {
      return await work({ ...given, session, output });
    } finally {
      await session.close();
    }
  } finally {
    await output?.release();
  }
}
