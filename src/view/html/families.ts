import type { Leaf, Lock, LockedImage } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { byText } from '../../text/by-text.ts';
import type { Sharing } from './sharing.ts';

/** Images that stand on the same first layer, the ones with the most bytes as rows of a picture. */
export interface Family {
  /** The layers that all of them begin with. */
  readonly base: { readonly digest: Digest; readonly layers: number; readonly bytes: number };
  readonly platform: string | undefined;
  /** All its images, as indexes into the lock's. */
  readonly images: readonly number[];
  /** The image that has the base and nothing else. */
  readonly named: number | undefined;
  /** Bytes of its layers, each once, and as many times as its images have them. */
  readonly once: number;
  readonly apart: number;
  /** Neighbours begin with the same layers, as far as possible. */
  readonly rows: readonly FamilyRow[];
  readonly blocks: readonly Block[];
}

export interface FamilyRow {
  readonly image: number;
  readonly bytes: number;
}

/** Layers of one row, or of several that share them. */
export interface Block {
  readonly kind: 'base' | 'elsewhere' | 'own';
  readonly row: number;
  readonly rows: number;
  readonly start: number;
  readonly bytes: number;
  readonly layers: number;
}

/** Rows of a picture: more are not read, and a sheet of paper has no more. */
const MAX_ROWS = 24;

/** One image of a family by the leaf whose first layer is the family's. */
interface Member {
  readonly image: number;
  readonly platform: string | undefined;
  /** Each once, from the lowest. */
  readonly layers: readonly Digest[];
  readonly bytes: number;
}

/**
 * The sets of images with the same first layer, those first that sharing saves most. An image is in one set at most; that it
 * shares layers with images of another set shows in its row.
 */
export function familiesOf(lock: Lock, sharing: Sharing): Family[] {
  const members = new Map<Digest, Member[]>();
  for (const [index, image] of lock.images.entries()) {
    const leaf = standingLeaf(image, lock, sharing);
    const [first] = leaf?.layers ?? [];
    if (leaf === undefined || first === undefined) continue;
    const layers = [...new Set(leaf.layers)];
    const member = { image: index, platform: leaf.platform, layers, bytes: bytesOf(layers, lock) };
    const known = members.get(first);
    if (known === undefined) members.set(first, [member]);
    else known.push(member);
  }
  return [...members]
    .filter(([, all]) => all.length > 1)
    .map(([first, all]) => familyOf(first, all, lock, sharing))
    .toSorted((a, b) => b.apart - b.once - (a.apart - a.once) || byText(a.base.digest, b.base.digest));
}

/** The leaf whose first layer most other images have; undefined where no other image has any of them. */
function standingLeaf(image: LockedImage, lock: Lock, { users }: Sharing): Leaf | undefined {
  let best: { leaf: Leaf; count: number; size: number } | undefined;
  for (const leaf of image.leaves) {
    const [first] = leaf.layers;
    if (first === undefined || leaf.attests !== undefined) continue;
    const count = users.get(first)?.length ?? 0;
    const size = lock.blobs[first] ?? 0;
    const isBetter = best === undefined || count > best.count || (count === best.count && size > best.size);
    if (count > 1 && isBetter) best = { leaf, count, size };
  }
  return best?.leaf;
}

function bytesOf(layers: Iterable<Digest>, lock: Lock): number {
  let bytes = 0;
  for (const digest of layers) bytes += lock.blobs[digest] ?? 0;
  return bytes;
}

function familyOf(first: Digest, members: readonly Member[], lock: Lock, sharing: Sharing): Family {
  const layers = commonLayers(members, 0);
  const largest = members.toSorted((a, b) => b.bytes - a.bytes || a.image - b.image).slice(0, MAX_ROWS);
  const { rows, blocks } = draw(largest, lock, sharing);
  return {
    base: {
      digest: first,
      layers,
      bytes: bytesOf((members[0]?.layers ?? []).slice(0, layers), lock),
    },
    platform: members[0]?.platform,
    images: members.map(({ image }) => image),
    named: members.find((member) => member.layers.length === layers)?.image,
    once: bytesOf(new Set(members.flatMap((member) => member.layers)), lock),
    apart: members.reduce((sum, { bytes }) => sum + bytes, 0),
    rows,
    blocks,
  };
}

/** How many layers all members begin with, where they agree up to `from`. */
function commonLayers(members: readonly Member[], from: number): number {
  const [first, ...others] = members;
  if (first === undefined) return from;
  let end = from;
  while (
    end < first.layers.length &&
    others.every(({ layers: { [end]: layer } }) => layer === first.layers[end])
  )
    end += 1;
  return end;
}

/** Rows from above, with the blocks of each; what several neighbours begin with is one block over all of their rows. */
function draw(members: readonly Member[], lock: Lock, { users }: Sharing): Pick<Family, 'rows' | 'blocks'> {
  const rows: FamilyRow[] = [];
  const blocks: Block[] = [];
  // As deep as there are rows at most: each step down divides the members.
  const place = (group: readonly Member[], from: number, start: number): void => {
    const [first] = group;
    if (first === undefined) return;
    if (group.length === 1) {
      placeRest(first, from, start);
      return;
    }
    const end = commonLayers(group, from);
    const bytes = bytesOf(first.layers.slice(from, end), lock);
    if (end > from)
      blocks.push({
        kind: 'base',
        row: rows.length,
        rows: group.length,
        start,
        bytes,
        layers: end - from,
      });
    const next = Map.groupBy(group, ({ layers: { [end]: layer } }) => layer);
    for (const [layer, some] of [...next].toSorted(
      ([, a], [, b]) => b.length - a.length || weight(b) - weight(a),
    )) {
      if (layer === undefined) for (const { image, bytes: whole } of some) rows.push({ image, bytes: whole });
      else place(some, end, start + bytes);
    }
  };
  const placeRest = (member: Member, from: number, start: number): void => {
    const rest = member.layers.slice(from);
    const [elsewhere, own] = [
      rest.filter((digest) => (users.get(digest)?.length ?? 0) > 1),
      rest.filter((digest) => (users.get(digest)?.length ?? 0) < 2),
    ];
    const row = rows.push({ image: member.image, bytes: member.bytes }) - 1;
    let at = start;
    for (const [kind, layers] of [['elsewhere', elsewhere] as const, ['own', own] as const]) {
      const bytes = bytesOf(layers, lock);
      if (layers.length > 0) blocks.push({ kind, row, rows: 1, start: at, bytes, layers: layers.length });
      at += bytes;
    }
  };
  place(members, 0, 0);
  return { rows, blocks };
}

function weight(members: readonly Member[]): number {
  return members.reduce((sum, { bytes }) => sum + bytes, 0);
}
