import { OciSaveError } from '../errors.ts';

/** The process whose signals are watched. */
export interface SignalHost {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): never;
}

export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal. */
  readonly exitCode: () => number | undefined;
  stop(): void;
}

export const STOPPED = 'stopped; what was fetched stays in the store, and no incomplete bundle is left';

/** Turns the first Ctrl-C or SIGTERM into an orderly end; a second one ends at once. */
export function watchSignals(host: SignalHost, message = STOPPED): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const listen = (name: 'SIGINT' | 'SIGTERM', code: number): (() => void) => {
    const listener = (): void => {
      if (exitCode !== undefined) host.exit(code);
      exitCode = code;
      controller.abort(new OciSaveError({ code: 'interrupted', message }));
    };
    host.on(name, listener);
    return () => void host.off(name, listener);
  };
  const stops = [listen('SIGINT', 130), listen('SIGTERM', 143)];
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    stop: () => stops.forEach((stop) => stop()),
  };
}
