import { formatBytes, formatCount } from '../../text/bytes.ts';
import { plainText } from '../../text/plain-text.ts';
import { renderColumns } from '../../view/index.ts';
import type { StoreContent, StoredBlob } from '../../store/index.ts';

interface Count {
  readonly blobs: number;
  readonly bytes: number;
}

interface Group extends Count {
  /** Of these: what bundles link. */
  readonly linked: Count;
}

/** A store, as `cache list --json` has it. */
export interface StoreDescription extends Group {
  readonly folder: string;
  /** Bytes that count towards the limit: of blobs that no bundle links. */
  readonly countedBytes: number;
  readonly maxBytes: number;
  /** Runs at work on it. */
  readonly runs: number;
  readonly ages: readonly ({ readonly lastUsed: string } & Group)[];
}

/** One blob, as `cache list --json --verbose` has it. */
export interface BlobDescription {
  readonly digest: string;
  readonly size: number;
  readonly linked: boolean;
  /** ISO 8601; null where no record tells it. */
  readonly lastUsed: string | null;
}

const DAY = 24 * 60 * 60_000;
/** Names of ages and their upper bounds in milliseconds. */
const AGES: readonly (readonly [string, number])[] = [
  ['within a day', DAY],
  ['within a week', 7 * DAY],
  ['within 30 days', 30 * DAY],
  ['longer ago', Number.POSITIVE_INFINITY],
];
const UNKNOWN = 'not recorded';

/** `now` is in milliseconds. */
export function describeStore(
  { blobs, runs }: StoreContent,
  { folder, maxBytes, now }: { readonly folder: string; readonly maxBytes: number; readonly now: number },
): StoreDescription {
  const ageOf = ({ lastUsed }: StoredBlob): string =>
    lastUsed === 0 ? UNKNOWN : (AGES.find(([, limit]) => now - lastUsed < limit)?.[0] ?? UNKNOWN);
  const byAge = Map.groupBy(blobs, ageOf);
  const { linked, ...all } = groupOf(blobs);
  return {
    folder,
    ...all,
    linked,
    countedBytes: all.bytes - linked.bytes,
    maxBytes,
    runs,
    ages: [...AGES.map(([age]) => age), UNKNOWN].flatMap((lastUsed) => {
      const group = byAge.get(lastUsed);
      return group === undefined ? [] : [{ lastUsed, ...groupOf(group) }];
    }),
  };
}

/** Every blob, the last used first. */
export function describeBlobs({ blobs }: StoreContent): BlobDescription[] {
  return blobs
    .toSorted((a, b) => b.lastUsed - a.lastUsed || b.size - a.size || (a.digest < b.digest ? -1 : 1))
    .map(({ digest, size, linked, lastUsed }) => ({
      digest,
      size,
      linked,
      lastUsed: lastUsed === 0 ? null : new Date(lastUsed).toISOString(),
    }));
}

function groupOf(blobs: readonly StoredBlob[]): Group {
  return { ...countOf(blobs), linked: countOf(blobs.filter(({ linked }) => linked)) };
}

function countOf(blobs: readonly StoredBlob[]): Count {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}

/** A store for people, by age or blob by blob, with a line end after the last line. */
export function renderStore(
  store: StoreDescription,
  entries: readonly BlobDescription[] | undefined,
  width: number | undefined,
): string {
  const head = `Store ${plainText(store.folder)}: `;
  if (store.blobs === 0) return `${head}no blob is kept there\n`;
  const table = entries === undefined ? ageTable(store, width) : blobTable(entries, width);
  const counted = `${formatBytes(store.countedBytes)} count towards the limit of ${formatBytes(store.maxBytes)}`;
  const runs = store.runs === 0 ? '' : `; ${formatCount(store.runs, 'run')} at work`;
  return `${head}${wordsOf(store)}\n\n${table}\n\n${counted}${runs}\n`;
}

const wordsOf = ({ blobs, bytes }: Count): string => `${formatCount(blobs, 'blob')}, ${formatBytes(bytes)}`;

function ageTable({ ages }: StoreDescription, width: number | undefined): string {
  const rows = ages.map(({ lastUsed, blobs, bytes, linked }) => [
    lastUsed,
    String(blobs),
    formatBytes(bytes),
    linked.blobs === 0 ? '' : wordsOf(linked),
  ]);
  return renderColumns(['LAST USED', 'BLOBS', 'SIZE', 'LINKED BY BUNDLES'], rows, width);
}

function blobTable(entries: readonly BlobDescription[], width: number | undefined): string {
  const rows = entries.map(({ digest, size, linked, lastUsed }) => [
    digest,
    formatBytes(size),
    lastUsed ?? UNKNOWN,
    linked ? 'yes' : '',
  ]);
  return renderColumns(['BLOB', 'SIZE', 'LAST USED', 'LINKED BY BUNDLES'], rows, width);
}
