import { formatOrigin, type Problem } from '../../list/index.ts';
import { isDigest, shortDigest } from '../../oci/digest.ts';
import { shownReference } from '../../oci/reference.ts';
import { type Listing, listingsOf } from '../../report/index.ts';
import { asFlag, spellHint } from '../../text/hint.ts';
import { plainText, printableJson } from '../../text/plain-text.ts';
import { renderImageList, renderListings, type ScreenOptions } from '../../view/index.ts';
import type { Content, Remark } from './content.ts';
import type { Listed } from './listed.ts';

/** The parts of a content that people see. */
type Shown = 'images' | 'candidates' | 'rejects' | 'problems';

/** Where the rest of a long table is. */
const REST = ', all with --json';

/** What people read: the images, and what is none or may be one, each with its place. A line end after the last line. */
export function renderTable(content: Pick<Content, Shown>, width: number | undefined): string {
  const { images } = content;
  const table = images.length === 0 ? [] : [renderImageList(images.map(tableRow), width)];
  const faults = renderFaults(content, { width, color: false });
  return [...table, ...(faults === '' ? [] : [faults])].map((part) => `${part}\n`).join('\n');
}

/** Candidates and what could not be read; empty where there is nothing. */
export function renderFaults(
  { candidates, rejects, problems }: Pick<Content, Exclude<Shown, 'images'>>,
  view: ScreenOptions,
): string {
  const listings = listingsOf({
    warnings: [],
    candidates: candidates.map(({ text, origin, why }) => ({ text, origin, why })),
    rejects: rejects.map(({ text, origin, reason, hint }) => ({ text, origin, reason, hint })),
  });
  return renderListings([...listings, refused(problems)], view, REST);
}

/** What the lists' reader warns of, as a save does. */
export function renderWarnings(warnings: readonly Remark[], view: ScreenOptions): string {
  return renderListings(listingsOf({ warnings: [...warnings], candidates: [], rejects: [] }), view, REST);
}

function refused(problems: readonly Problem[]): Listing {
  const count = problems.length === 1 ? '1 entry' : `${problems.length} entries`;
  return {
    title: `Rejected: ${count} that a save would refuse`,
    rows: problems.map((problem) => {
      const { file, line, reason } = problem;
      const why = [reason, ...hintsOf(problem)].join('. ');
      return line === undefined
        ? { origin: undefined, entry: undefined, why: `${file}: ${why}` }
        : { origin: { file, line }, entry: undefined, why };
    }),
  };
}

function hintsOf({ hint }: Problem): string[] {
  return hint === undefined ? [] : [spellHint(hint, asFlag)];
}

function tableRow({ ref, names, digest, platforms, origins, referrers }: Listed) {
  const shown = shownReference(ref);
  return {
    ref: plainText(shown),
    names: names.filter((name) => name !== ref && name !== shown).map(plainText),
    digest: digest === undefined ? pinOf(ref) : shortDigest(digest),
    platforms: plainText(platforms.join(',')),
    origin: plainText(origins.join(', ')),
    referrers: referrers === undefined ? '' : String(referrers),
  };
}

/** The digest in a reference, which nothing has resolved. */
function pinOf(ref: string): string {
  const pin = ref.slice(ref.lastIndexOf('@') + 1);
  return isDigest(pin) ? shortDigest(pin) : '';
}

/** What machines read. It is a list, too: a save that gets it has the same images, candidates and rejects. */
export function renderJson(content: Content): string {
  const { images, candidates, rejects, problems, leftOut, warnings, lists } = content;
  const json = {
    images: images.map(({ ref, names, digest, platforms, origins, transport, referrers }) => ({
      ref,
      names,
      digest,
      platforms,
      origins,
      transport,
      referrers,
    })),
    candidates: candidates.map(({ text, origin, why }) => ({ text, origin: formatOrigin(origin), why })),
    rejects: [
      ...problems.map(({ file, line, reason, ...rest }) => ({
        origin: line === undefined ? file : `${file}:${line}`,
        reason,
        hint: hintsOf({ file, reason, ...rest })[0],
        error: true,
      })),
      ...rejects.map(({ text, origin, reason, hint }) => ({
        text,
        origin: formatOrigin(origin),
        reason,
        hint,
        error: false,
      })),
    ],
    leftOut: leftOut.map(({ rule, place, count }) => ({ rule, origin: place, count })),
    warnings: warnings.map(({ text, message, origin }) => ({
      text,
      message,
      origin: origin && formatOrigin(origin),
    })),
    lists: lists.map(({ file, format, count, ignored }) => ({ file, format, count, ignored })),
  };
  return `${printableJson(json)}\n`;
}
