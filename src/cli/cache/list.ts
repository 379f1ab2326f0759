import { Command } from 'commander';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { plainText, printableJson } from '../../text/plain-text.ts';
import { renderColumns } from '../../view/index.ts';
import { listStore, type StoreContent, type StoredBlob } from '../../store/index.ts';
import { addFlags } from '../flags.ts';
import { takeStoreFlags } from './flags.ts';
import type { Host } from '../run.ts';

const EXAMPLES = `
Examples:
  oci-save cache list
  oci-save cache list --verbose
  oci-save cache list --json --cache-dir /srv/oci-save

A blob that a bundle links takes no additional space, so it does not count towards the limit; without the bundle it
does.
`;

/** `oci-save cache list`: what the store contains, by age. Nothing is hashed or changed. */
export function cacheListCommand(host: Host, done: (exitCode: number) => void): Command {
  return addFlags(new Command('list'), ['cacheDir', 'cacheMaxSize'])
    .description('show what is kept, by age; --verbose shows every blob')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Record<string, unknown>) => {
      const { folder, maxBytes, output } = takeStoreFlags(flags, 'list', host);
      const content = await listStore(folder);
      const store = describeStore(content, { folder, maxBytes, now: Date.now() });
      const entries = output.verbose ? describeBlobs(content) : undefined;
      const { stdout } = host;
      if (output.json) stdout.write(`${printableJson({ ...store, entries })}\n`);
      else stdout.write(renderStore(store, entries, stdout.columns));
      done(0);
    });
}

interface Count {
  readonly blobs: number;
  readonly bytes: number;
}

interface Group extends Count {
  /** The part of them that bundles link. */
  readonly linked: Count;
}

/** A store, as `cache list --json` prints it. */
interface StoreDescription extends Group {
  readonly folder: string;
  /** Bytes of blobs that no bundle links: these count towards the limit. */
  readonly countedBytes: number;
  readonly maxBytes: number;
  /** Runs that are using it. */
  readonly runs: number;
  readonly ages: readonly ({ readonly lastUsed: string } & Group)[];
}

/** One blob, as `cache list --json --verbose` prints it. */
interface BlobDescription {
  readonly digest: string;
  readonly size: number;
  readonly linked: boolean;
  /** ISO 8601; null where there is no record. */
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
function describeStore(
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

/** Every blob, the most recently used first. */
function describeBlobs({ blobs }: StoreContent): BlobDescription[] {
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
function renderStore(
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
