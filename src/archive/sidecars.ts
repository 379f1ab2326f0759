import { joinScriptName, partsListName, sumsName } from './archive-name.ts';
import { joinScript } from './join-script.ts';
import { isSplit, type MeasuredArchive } from './measure.ts';
import { encodePartsList, partsListOf } from './parts-list.ts';
import { encodeSums } from './sums.ts';

/** A small file that says what an archive is. */
export interface Sidecar {
  readonly name: string;
  readonly text: string;
}

/** What stands beside an archive: the list and the script of its parts where it was cut, and last its sums. */
export function sidecarsOf(archive: MeasuredArchive): Sidecar[] {
  const { name, pieces } = archive;
  const sums = { name: sumsName(name), text: encodeSums(pieces) };
  if (!isSplit(archive)) return [sums];
  const list = partsListOf(archive);
  return [
    { name: partsListName(name), text: encodePartsList(list) },
    { name: joinScriptName(name), text: joinScript(list) },
    sums,
  ];
}
