import { OciSaveError } from '../../errors.ts';
import { oddArchitecture, type PlatformChoice } from '../../oci/platform.ts';
import type { LockedImage } from '../../lock/index.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { isReference, type Reference } from '../../oci/reference.ts';
import { quoteReference } from '../../oci/reference-quote.ts';
import type { Candidate, ImageRequest, ListLogin, Reject, TagRequest, Warning } from '../request.ts';
import { MAX_ENTRIES, MAX_LINE } from '../syntax/lines.ts';
import { type EntryParts, type TagParts, toRequest, toTagRequest } from './entry.ts';
import { readEntryLine } from './entry-line.ts';
import { refusal } from '../problems.ts';

/** The content of a list, in the order of the file. */
export interface Findings {
  readonly requests: ImageRequest[];
  readonly tagRequests: TagRequest[];
  readonly logins: ListLogin[];
  readonly candidates: Candidate[];
  readonly rejects: Reject[];
  /** Each option once. */
  readonly ignored: string[];
  readonly warnings: Warning[];
}

/** The options of a run that the parsers need. */
export interface ParseOptions {
  readonly defaultRegistry: string;
}

/** What a list says of a line outside of it; platforms in the line itself win. */
export type LineDefaults = Pick<EntryParts, 'platforms' | 'registry'>;

/** Collects what the parser of a format finds. */
export interface Collector {
  readonly found: Findings;
  /** Adds a request for an entry, or a reject with the reason why it cannot be read. */
  addEntry(line: number, text: string, readParts: () => EntryParts): void;
  /** Adds an entry that is one line of text, with its options and columns. `also` is what the text itself does not say. */
  addLine(line: number, text: string, also?: LineDefaults): void;
  /** Adds an image of a lock. `reference` has its name, and its digest only where it has no tag. */
  addLocked(line: number, image: LockedImage, reference: Reference): void;
  /** Adds a request for tags by a rule, or a reject with the reason why it cannot be read. */
  addTags(line: number, text: string, readParts: () => TagParts): void;
  /** Adds what is probably an image. `why` ends a sentence: `a value of a chart`. */
  addCandidate(line: number, text: string, why: string): void;
  /** Adds the user of a registry, or of a registry's repositories that begin alike. */
  addLogin(line: number, login: Omit<ListLogin, 'origin'>): void;
  addReject(line: number, fault: OciSaveError, text?: string): void;
  addWarning(line: number, message: string): void;
  /** Notes what is skipped on purpose, once per file: `charts`, `cosign keys`. */
  ignore(what: string): void;
  /** Whether to stop reading. Then it adds a last reject that says so: the file is refused anyway. */
  stopsAt(line: number): boolean;
}

const COMMA_PAIR = 'two references joined by a comma are read as source and stored name';

/** A file with this many mistakes is not a list; reading all of it would take minutes. */
const MAX_REJECTS = 10_000;

/** A stranger's file may have a million keys that nobody reads; the notes on the first of them say enough. */
const MAX_IGNORED = 50;

export function newCollector(file: string, { defaultRegistry }: ParseOptions): Collector {
  const found: Findings = {
    requests: [],
    tagRequests: [],
    logins: [],
    candidates: [],
    rejects: [],
    ignored: [],
    warnings: [],
  };
  const { requests, rejects, ignored, warnings } = found;
  const told = new Set<string>();
  let stopped = false;
  const ignore: Collector['ignore'] = (what) => {
    if (ignored.length < MAX_IGNORED && !ignored.includes(what)) ignored.push(what);
  };
  const addReject: Collector['addReject'] = (line, { message, hint, hintParts }, text = '') => {
    rejects.push({ text: quotable(text), origin: { file, line }, reason: message, hint, hintParts });
  };
  const addWarning: Collector['addWarning'] = (line, message) =>
    void warnings.push({ message, origin: { file, line } });
  /** Adds what `messageOf` gives, where nothing was added for `subject` before. */
  const warnOnce = (line: number, subject: string, messageOf: () => string | undefined): void => {
    const message = told.has(subject) ? undefined : messageOf();
    told.add(subject);
    if (message !== undefined) addWarning(line, message);
  };
  const warnOfPlatforms = (line: number, choice: PlatformChoice | undefined): void => {
    for (const platform of choice === 'all' ? [] : (choice ?? []))
      warnOnce(line, platform.architecture, () => oddArchitecture(platform));
  };
  const orReject = (line: number, text: string, add: () => void): void => {
    try {
      if (text.length > MAX_LINE) throw refusal(`this entry is longer than ${MAX_LINE} characters`);
      add();
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      addReject(line, error, text);
    }
  };
  const addEntry: Collector['addEntry'] = (line, text, readParts) =>
    orReject(line, text, () => {
      const request = toRequest(readParts(), { file, line }, defaultRegistry);
      requests.push(request);
      warnOfPlatforms(line, request.platforms);
    });
  return {
    found,
    addEntry,
    addLocked: (line, locked, reference) =>
      void requests.push({
        written: locked.ref,
        origin: { file, line },
        source: { transport: 'docker', reference },
        platforms: locked.platforms.length === 0 ? 'all' : locked.platforms.map(parsePlatform),
        storedAs: [],
        implicitTag: false,
        locked,
      }),
    addTags: (line, text, readParts) =>
      orReject(line, text, () => {
        const request = toTagRequest(readParts(), { file, line }, defaultRegistry);
        found.tagRequests.push(request);
        warnOfPlatforms(line, request.platforms);
      }),
    addCandidate: (line, text, why) => void found.candidates.push({ text, why, origin: { file, line } }),
    addLogin: (line, login) => void found.logins.push({ ...login, origin: { file, line } }),
    addReject,
    addWarning,
    ignore,
    addLine: (line, text, also) =>
      addEntry(line, text, () => {
        const entry = readEntryLine(text);
        for (const option of entry.ignored) ignore(option);
        if (entry.commaPair) warnOnce(line, COMMA_PAIR, () => COMMA_PAIR);
        const { parts } = entry;
        return { ...also, ...parts, platforms: parts.platforms ?? also?.platforms };
      }),
    stopsAt: (line) => {
      const { tagRequests, candidates } = found;
      if (stopped) return true;
      if (rejects.length >= MAX_REJECTS) {
        addReject(line, refusal('too many mistakes before this line: it and the rest were not read'));
      } else if (requests.length + tagRequests.length + candidates.length >= MAX_ENTRIES) {
        addReject(line, refusal(`a list has at most ${MAX_ENTRIES} entries`, 'Split it.'));
      } else {
        return false;
      }
      stopped = true;
      return true;
    },
  };
}

/**
 * The part of a bad line that may be shown: lists contain pasted commands with passwords. Only the first of several
 * words is shown, and only if it is a reference with a path.
 */
function quotable(text: string): string {
  if (text.length > MAX_LINE) return '';
  const [first = '', ...more] = text.split(/[ \t]+/);
  const shown = more.length === 0 || (first.includes('/') && isReference(first));
  return (shown && quoteReference(first)) || '';
}
