import { appendFile } from 'node:fs/promises';
import { diskError } from './disk-error.ts';

/**
 * What a run has looked at and may need: no prune of another run takes it. The list outlives the run, and tells then
 * what it used.
 */
export interface Pins {
  /** When this resolves, the blob stays if it is there. */
  add(hex: string): Promise<void>;
}

interface Batch {
  readonly hexes: string[];
  readonly written: Promise<void>;
}

/**
 * Pins in a file that others read. Many are written at once, so that a pin costs next to nothing. `settled` resolves
 * when no prune is at work that may not have seen what was written before: only then is a look at the store worth
 * something.
 */
export function openPins(file: string, started: Date, settled: () => Promise<void>): Pins {
  const pinned = new Map<string, Promise<void>>();
  let next: Batch | undefined;
  let last: Promise<void> = Promise.resolve();
  let lead = `${started.toISOString()}\n`;

  const write = async (hexes: readonly string[]): Promise<void> => {
    try {
      await appendFile(file, lead + hexes.map((hex) => `${hex}\n`).join(''));
      lead = '';
    } catch (error) {
      // What a full disk took of these lines must not spoil the next one.
      lead = '\n';
      for (const hex of hexes) pinned.delete(hex);
      throw diskError(error, file) ?? error;
    }
    await settled();
  };
  const startBatch = (): Batch => {
    const hexes: string[] = [];
    const go = (): Promise<void> => {
      next = undefined;
      return write(hexes);
    };
    const written = last.then(go, go);
    last = written;
    return { hexes, written };
  };

  return {
    add(hex) {
      const known = pinned.get(hex);
      if (known !== undefined) return known;
      next ??= startBatch();
      next.hexes.push(hex);
      pinned.set(hex, next.written);
      return next.written;
    },
  };
}
