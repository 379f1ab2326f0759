import { joinScriptNames, partsListName, sumsName, wholeName } from './archive-name.ts';
import { powershellScript } from './join-script/powershell.ts';
import { shellScript } from './join-script/shell.ts';
import { isSplit, type MeasuredArchive } from './measure.ts';
import { encodeSums, type PartsList } from './parts-list.ts';

/** A small file that says what an archive is. */
export interface Sidecar {
  readonly name: string;
  readonly text: string;
}

/** What belongs beside an archive: the list and the scripts of its parts where it was cut, and last its sums. */
export function sidecarsOf(archive: MeasuredArchive): Sidecar[] {
  const { name, pieces } = archive;
  const sums = { name: sumsName(name), text: encodeSums(pieces) };
  if (!isSplit(archive)) return [sums];
  const list = partsListOf(archive);
  const scripts = joinScriptNames(name);
  return [
    { name: partsListName(name), text: `${JSON.stringify(list, null, 2)}\n` },
    { name: scripts.shell, text: shellScript(list) },
    { name: scripts.powershell, text: powershellScript(list) },
    sums,
  ];
}

/** The list of a cut archive. The same archive and part size give the same bytes. */
function partsListOf({ name, size, digest, pieces }: MeasuredArchive): PartsList {
  return {
    version: 1,
    archive: { name: wholeName(name), size, digest },
    parts: pieces.map((piece) => ({ name: piece.name, size: piece.size, digest: piece.digest })),
  };
}
