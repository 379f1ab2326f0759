import { OciSaveError } from '../errors.ts';
import { killPrograms } from '../process.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type EndingSignal = keyof typeof EXIT_CODES;

/** The process whose signals are watched. */
export interface SignalHost {
  readonly pid: number;
  on(signal: EndingSignal, listener: () => void): unknown;
  off(signal: EndingSignal, listener: () => void): unknown;
  kill(pid: number, signal: EndingSignal): unknown;
  exit(code: number): never;
}

export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal. */
  readonly exitCode: () => number | undefined;
  stop(): void;
}

export interface InterruptionOptions {
  /** Of the error that the run ends with. */
  readonly message?: string | undefined;
  /** Told in words that the process ends without what usually comes last. */
  readonly onForced: (text: string) => void;
}

export const STOPPED = 'stopped; what was fetched stays in the store, and no incomplete bundle is left';

const FORCED = 'ended without waiting any longer; the next run removes what is left';

/** GitHub's runner asks again after 7.5 s, and kills after 10 s (actions/runner, ProcessInvoker). */
const ORDERLY_MILLISECONDS = 5000;

/**
 * Turns the first Ctrl-C or SIGTERM into an orderly end. A second one ends the process at once, and so does a time over:
 * what is waited for may be a file system that does not answer.
 */
export function watchSignals(
  host: SignalHost,
  { message = STOPPED, onForced }: InterruptionOptions,
): Interruption {
  const controller = new AbortController();
  let first: EndingSignal | undefined;
  const listeners: [EndingSignal, () => void][] = [];
  const stop = (): void => listeners.forEach(([name, listener]) => void host.off(name, listener));
  /** By the signal's own action: `exit` waits for calls of the file system that are under way. */
  const end = (name: EndingSignal): void => {
    onForced(FORCED);
    killPrograms();
    stop();
    host.kill(host.pid, name);
    // The first process of a container does not end by its own signal (pid_namespaces(7)).
    host.exit(EXIT_CODES[name]);
  };
  const listen = (name: EndingSignal): void => {
    const listener = (): void => {
      if (first !== undefined) return end(name);
      first = name;
      setTimeout(end, ORDERLY_MILLISECONDS, name).unref();
      controller.abort(new OciSaveError({ code: 'interrupted', message }));
    };
    listeners.push([name, listener]);
    host.on(name, listener);
  };
  listen('SIGINT');
  listen('SIGTERM');
  return {
    signal: controller.signal,
    exitCode: () => (first === undefined ? undefined : EXIT_CODES[first]),
    stop,
  };
}
