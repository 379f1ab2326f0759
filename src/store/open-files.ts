import { mkdir } from 'node:fs/promises';
import { type Journal, openJournal } from './journal.ts';
import { makeOwnFolder } from './own-folder.ts';
import type { StorePlaces } from './places.ts';
import { tidy } from './prune.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';
import { openServed, type Served } from './served.ts';
import { whereUsable } from './unusable.ts';

/** What one run holds open of a store. */
export interface StoreFiles {
  readonly journal: Journal;
  readonly served: Served;
  readonly run: RunFolder;
}

/** Makes a store where it is missing, clears up what killed runs have left there, and opens its records. */
export function openFiles(folder: string, places: StorePlaces): Promise<StoreFiles> {
  return whereUsable(folder, async () => {
    await makeOwnFolder(folder);
    await mkdir(places.blobs, { recursive: true });
    await mkdir(places.uses, { recursive: true });
    const [journal, served] = [await openJournal(places.journal), await openServed(places.served)];
    const run = await createRunFolder(places);
    await tidy(places);
    return { journal, served, run };
  });
}
