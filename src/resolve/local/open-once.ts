import type { ReadPort } from '../../image/index.ts';
import type { HeldPlace } from '../../list/index.ts';
import { openHeld } from './held.ts';
import { type Opened, openSource } from './open-source.ts';

/** Places of this machine that several images of a run come from: each is opened once. Throws as its `open…` does. */
export interface OpenedPlaces {
  /** A source whose manifests are there as they are. */
  source(source: Parameters<typeof openSource>[0]): Promise<Opened>;
  /** The bundle in whose lock images were found. */
  bundle(held: HeldPlace): Promise<ReadPort>;
}

export function openOnce(): OpenedPlaces {
  return {
    source: once(openSource, ({ transport, path }) => `${transport}:${path}`),
    bundle: once(openHeld, ({ path }) => path),
  };
}

/** The work, done once for each key: whoever asks meanwhile, or later, gets the same result. */
function once<From, To>(
  work: (from: From) => Promise<To>,
  keyOf: (from: From) => string,
): (from: From) => Promise<To> {
  const results = new Map<string, Promise<To>>();
  return (from) => {
    const key = keyOf(from);
    const result = results.get(key) ?? work(from);
    results.set(key, result);
    return result;
  };
}
