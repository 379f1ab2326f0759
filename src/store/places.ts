import path from 'node:path';

export type StorePlaces = Readonly<ReturnType<typeof placesIn>>;

/** The paths of a store. */
export function placesIn(folder: string) {
  return {
    /** Every blob, under the hex of its digest. */
    blobs: path.join(folder, 'blobs', 'sha256'),
    /** A folder for each running run. */
    runs: path.join(folder, 'runs'),
    /** A file for each run, of the same name, that lists what it used. */
    uses: path.join(folder, 'uses'),
    /** When each blob was last used, by the runs whose own lists are gone. */
    used: path.join(folder, 'used.jsonl'),
    journal: path.join(folder, 'journal.jsonl'),
    served: path.join(folder, 'served.jsonl'),
    conversions: path.join(folder, 'conversions.jsonl'),
    /** Which repositories gave which content for credentials. */
    origins: path.join(folder, 'origins.jsonl'),
    /** Records of results that are taking their names at an output. */
    publishing: path.join(folder, 'appearing'),
    /** Exists while a prune takes blobs out of reach. */
    pruneLock: path.join(folder, 'prune.lock'),
  };
}

/** Whether a file's name is the hex of a sha256. */
export function isHex(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
