import path from 'node:path';

/** Where a store keeps what. */
export interface StorePlaces {
  /** Every blob, under the hex of its digest. */
  readonly blobs: string;
  /** A folder for each run at work. */
  readonly runs: string;
  /** A file for each run, of the same name, that lists what it used. */
  readonly uses: string;
  /** When each blob was last used, by the runs whose own lists are gone. */
  readonly used: string;
  readonly journal: string;
  readonly served: string;
  /** Records of results that a run has begun to let appear at its output. */
  readonly appearing: string;
  /** Stands while a prune takes blobs out of reach. */
  readonly pruneLock: string;
}

export function placesIn(folder: string): StorePlaces {
  const at = (...names: readonly string[]): string => path.join(folder, ...names);
  return {
    blobs: at('blobs', 'sha256'),
    runs: at('runs'),
    uses: at('uses'),
    used: at('used.jsonl'),
    journal: at('journal.jsonl'),
    served: at('served.jsonl'),
    appearing: at('appearing'),
    pruneLock: at('prune.lock'),
  };
}

/** Whether a file's name is the hex of a sha256. */
export function isHex(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
