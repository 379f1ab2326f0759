import path from 'node:path';
import { OciSaveError } from '../../errors.ts';
import { isInside, mountPointsAt, realPlaceOf } from '../../files/index.ts';
import { placesIn } from '../../store/index.ts';
import { type Hint, hint, option } from '../../text/hint.ts';
import { archiveBase, type Places } from './places.ts';

const ANOTHER = hint`Name another one with ${option('output')}.`;

/**
 * Refuses places where a run cannot put its results without harm, before it makes anything: where the folder that it
 * works in would be replaced, where store, bundle or archive would lie in what another of them replaces, and what is
 * mounted, since nothing can be renamed to there.
 * @param store the store's folder
 * @throws OciSaveError `usage`, or `machine` for a mount point
 */
export async function checkPlaces(places: Places, store: string): Promise<void> {
  const { output } = places;
  const [realStore, base] = [await realPlaceOf(store), await realNameOf(archiveBase(places))];
  if (output !== undefined) {
    const folder = await realNameOf(output);
    if (isInside(process.cwd(), [folder]))
      refuse(`the output ${output} has in it the folder in which this command runs`, ANOTHER);
    if (isInside(realStore, [folder])) refuse(`the store ${store} lies in the output ${output}`, ELSEWHERE);
    if (places.archive !== undefined && isInside(base, [folder]) && base !== folder)
      refuse(
        `the archive ${places.archive} lies in the output ${output}`,
        hint`Name another one with ${option('archiveName')}.`,
      );
    refuseInStore(folder, output, realStore);
  }
  if (places.archive !== undefined) refuseInStore(base, places.archive, realStore);
  await refuseMounted(places);
}

const ELSEWHERE = hint`Name another folder with ${option('cacheDir')} or ${option('output')}.`;

/** A bundle beside the store's own folders does no harm; in one of them it would be taken for a part of the store. */
function refuseInStore(real: string, written: string, store: string): void {
  const own = Object.values(placesIn(store)).map(
    (place) => path.relative(store, place).split(path.sep)[0] ?? '',
  );
  const inside = own.map((name) => path.join(store, name));
  if (isInside(real, inside)) refuse(`${written} lies among the store's own files in ${store}`, ELSEWHERE);
}

async function refuseMounted({ output, archive, archiveLock, report }: Places): Promise<void> {
  const names = [output, archive, archiveLock, report].filter((name) => name !== undefined);
  const [point] = await mountPointsAt(await Promise.all(names.map(realNameOf)));
  if (point === undefined) return;
  const isOutput = output !== undefined && point === (await realNameOf(output));
  throw new OciSaveError({
    code: 'machine',
    message: `${point} is a mount point: results take their names by renaming, which cannot replace it`,
    hint: isOutput
      ? hint`Name a folder in it with ${option('output')}, as ${path.join(point, 'oci-bundle')}.`
      : ANOTHER,
  });
}

/** The real path of a name: where it is a link itself, that is not followed. */
async function realNameOf(place: string): Promise<string> {
  return path.join(await realPlaceOf(path.dirname(place)), path.basename(place));
}

function refuse(message: string, advice: Hint): never {
  throw new OciSaveError({ code: 'usage', message, hint: advice });
}
