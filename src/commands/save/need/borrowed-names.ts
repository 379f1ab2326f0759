import { OciSaveError } from '../../../errors.ts';
import { repositoryPath, splitName } from '../../../lock/index.ts';
import type { FailedImage, Resolution, ResolvedImage } from '../../../resolve/index.ts';

/**
 * Fails images that take, from their own layout or archive, a name under which another image of the list is stored. Of two
 * names that the list gives, `buildLock` tells the user; what a publisher wrote fails its own image alone.
 */
export function withoutBorrowedNames({ resolved, failed }: Resolution): Resolution {
  const owners = new Map<string, ResolvedImage>();
  const [sound, wrong]: [Set<ResolvedImage>, FailedImage[]] = [new Set(), []];
  const byList = (image: ResolvedImage): boolean => image.wanted.namedBySource !== true;
  for (const image of [...resolved.filter(byList), ...resolved.filter((one) => !byList(one))]) {
    const places = image.image.names.map((name) => [placeOf(name), name] as const);
    const taken = byList(image) ? undefined : places.find(([place]) => differs(owners.get(place), image));
    if (taken === undefined) {
      sound.add(image);
      for (const [place] of places) owners.set(place, image);
    } else {
      wrong.push({ wanted: image.wanted, error: borrowed(taken[1], image, owners.get(taken[0])) });
    }
  }
  return { resolved: resolved.filter((image) => sound.has(image)), failed: [...failed, ...wrong] };
}

function placeOf(name: string): string {
  const { name: repository, tag } = splitName(name);
  return `${repositoryPath(repository)}:${tag}`;
}

function differs(owner: ResolvedImage | undefined, { image }: ResolvedImage): boolean {
  return owner !== undefined && (owner.image.digest !== image.digest || owner.image.root !== image.root);
}

function borrowed(name: string, { wanted }: ResolvedImage, owner: ResolvedImage | undefined): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `its source calls it ${name}, and that is the name of ${owner?.image.ref ?? 'another image'}`,
    hint: `Store it under another name: '${wanted.ref} => name:tag'.`,
  });
}
