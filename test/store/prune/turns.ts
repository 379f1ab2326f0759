import { AsyncLocalStorage } from 'node:async_hooks';
import { basename } from 'node:path';
import { messageOf } from '../../../src/errors.ts';

/** A call of the file system, or a pause, that waits for its turn. */
interface Call {
  readonly actor: number;
  readonly what: string;
  readonly make: () => Promise<void>;
}

/** So many calls of one actor, or fewer where it waits for nothing or has ended. */
export interface Spell {
  readonly actor: number;
  readonly calls: number;
}

type AnyFunction = (...args: readonly unknown[]) => unknown;

/** Calls that a failure message lists. */
const LISTED = 60;

/**
 * Lets a test choose in which order the file-system calls of several actors in this process happen, one whole call at a
 * time. Calls are real. Until `drive` begins they happen at once.
 */
export class Turns {
  #waiting: Call[] | undefined;
  readonly #actor = new AsyncLocalStorage<number>();

  /** A module of asynchronous functions, each of whose calls waits for its turn. */
  taking(module: object): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(module).map(([name, value]) => [
        name,
        isFunction(value) ? this.#gate(name, value) : value,
      ]),
    );
  }

  /** A pause that ends at its turn, whatever its length. */
  pause(): Promise<unknown> {
    return this.#gate('pause', async () => {})();
  }

  #gate(name: string, call: AnyFunction): (...args: readonly unknown[]) => Promise<unknown> {
    return async (...args) => {
      const waiting = this.#waiting;
      if (waiting === undefined) return call(...args);
      return new Promise((resolve, reject) => {
        const make = async (): Promise<void> => {
          try {
            resolve(await call(...args));
          } catch (error) {
            reject(error);
          }
        };
        const files = args.flatMap((text) => (typeof text === 'string' ? basename(text).trimEnd() : []));
        const actor = this.#actor.getStore() ?? 0;
        waiting.push({ actor, what: [`${actor}:`, name, ...files].join(' '), make });
      });
    };
  }

  /**
   * Runs actors to their ends; `spells` say whose calls are next, and after the last one it is whoever waits longest, so
   * that who polls keeps nobody from ending. `after` is called after each call.
   * @throws Error with the last calls, and what an actor or `after` threw as its cause
   */
  async drive(
    actors: readonly (() => Promise<unknown>)[],
    spells: readonly Spell[],
    after: () => void,
  ): Promise<void> {
    const waiting: Call[] = [];
    const made: string[] = [];
    const moved = new Set<number>();
    const order = spells.flatMap(({ actor, calls }) =>
      Array.from({ length: calls }, () => actor % actors.length),
    );
    this.#waiting = waiting;
    const state = { ended: false };
    try {
      const started = actors.map((actor, at) => this.#actor.run(at, actor));
      const all = Promise.all(started).finally(() => (state.ended = true));
      all.catch(() => {});
      while (!state.ended) {
        // All that follows from the last call has happened when the queue of promises is empty.
        await new Promise((resolve) => setImmediate(resolve));
        if (waiting.length === 0) continue;
        const turn = order.shift();
        const at = turn === undefined ? 0 : waiting.findIndex(({ actor }) => actor === turn);
        for (const { actor, what, make } of at < 0 ? [] : waiting.splice(at, 1)) {
          made.push(what);
          moved.add(actor);
          await make();
        }
        after();
      }
      await all;
      if (moved.size < actors.length) throw new Error('an actor ended without a call that waits');
    } catch (cause) {
      const last = made.slice(-LISTED).join('\n');
      throw new Error(`${messageOf(cause)}; ${made.length} calls were made, the last:\n${last}`, { cause });
    } finally {
      this.#waiting = undefined;
      for (const { make } of waiting) await make();
    }
  }
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}
