import { OciSaveError } from '../../errors.ts';
import { oddArchitecture, parsePlatform, type PlatformChoice } from '../../oci/platform.ts';
import type { LockedImage } from '../../lock/index.ts';
import { isReference, nameOf, parseReference } from '../../oci/reference.ts';
import { quoteReference, showText } from '../../oci/reference-quote.ts';
import { Secret } from '../../text/secret.ts';
import type {
  Candidate,
  HeldPlace,
  IgnoreRule,
  ImageRequest,
  ListLogin,
  Reject,
  Source,
  TagRequest,
  Warning,
} from '../request.ts';
import { MAX_ENTRIES, MAX_LINE } from '../syntax/lines.ts';
import { type EntryParts, type TagParts, toRequest, toTagRequest } from './entry.ts';
import { readEntryLine } from './entry-line.ts';
import { fillVariables, NO_VARIABLES, type Variables } from './variables.ts';
import { refusal } from '../problems.ts';

/** The content of a list, in the order of the file. */
export interface Findings {
  readonly requests: ImageRequest[];
  readonly tagRequests: TagRequest[];
  readonly logins: ListLogin[];
  /** What the list says is to be left out of its own images. */
  readonly ignoreRules: IgnoreRule[];
  /** The variables of the option `vars` that it uses, each once. */
  readonly usedVariables: string[];
  readonly candidates: Candidate[];
  readonly rejects: Reject[];
  /** Each option once. */
  readonly ignored: string[];
  readonly warnings: Warning[];
}

/** The options of a run that the parsers need. */
export interface ParseOptions {
  readonly defaultRegistry: string;
  /** For `${NAME}` in entries; none by default. */
  readonly variables?: Variables | undefined;
  /** Fields of Kubernetes resources that are images, as `KIND/PATH` with `*` for any run of characters. */
  readonly imageRules?: readonly string[] | undefined;
  /** The bundle whose lock the list is. */
  readonly held?: HeldPlace | undefined;
}

/** What a list says of a line outside of it; platforms in the line itself win. */
export type LineDefaults = Pick<EntryParts, 'platforms' | 'registry'>;

/** Collects what the parser of a format finds. */
export interface Collector {
  readonly found: Findings;
  readonly imageRules: readonly string[];
  readonly held: HeldPlace | undefined;
  /** Adds a request for an entry, or a reject with the reason why it cannot be read. */
  addEntry(line: number, text: string, readParts: () => EntryParts): void;
  /** Adds an entry that is one line of text, with its options and columns. `also` is what the text itself does not say. */
  addLine(line: number, text: string, also?: LineDefaults): void;
  /** Adds an image of a lock, and where it is copied from. */
  addLocked(line: number, image: LockedImage, source: Source): void;
  /** Adds a request for tags by a rule, or a reject with the reason why it cannot be read. */
  addTags(line: number, text: string, readParts: () => TagParts): void;
  /** Adds what is probably an image. `why` ends a sentence: `a value of a chart`. */
  addCandidate(line: number, text: string, why: string): void;
  /** Adds the user of a registry, or of a registry's repositories that begin alike; a warning where a variable of it has no value. */
  addLogin(line: number, login: Omit<ListLogin, 'origin' | 'isFilled'>): void;
  /** Adds a rule for what is left out of this list's images. */
  addIgnore(line: number, rule: Omit<IgnoreRule, 'origin'>): void;
  /**
   * A text of an entry with its variables filled, where a format has to read it before it adds the entry, such as
   * platforms. What is added needs no filling before.
   * @throws OciSaveError `list` for a variable without a value
   */
  fill(text: string): string;
  /** From now on `$NAME` is a variable, too, as in Compose files. */
  takeBareVariables(): void;
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

export function newCollector(
  file: string,
  { defaultRegistry, variables = NO_VARIABLES, imageRules = [], held }: ParseOptions,
): Collector {
  const found: Findings = {
    requests: [],
    tagRequests: [],
    logins: [],
    ignoreRules: [],
    usedVariables: [],
    candidates: [],
    rejects: [],
    ignored: [],
    warnings: [],
  };
  const { requests, tagRequests, rejects, ignored, warnings } = found;
  const told = new Set<string>();
  let stopped = false;
  let bare = false;
  const ignore: Collector['ignore'] = (what) => {
    if (ignored.length < MAX_IGNORED && !ignored.includes(what)) ignored.push(what);
  };
  const addReject: Collector['addReject'] = (line, { message, hint, hintParts }, text = '') => {
    rejects.push({ text: quotable(text), origin: { file, line }, reason: message, hint, hintParts });
  };
  const fillWith = (text: string, anyValue: boolean): string =>
    fillVariables(text, {
      ...variables,
      bare,
      anyValue,
      onUsed: (name) => {
        if (!found.usedVariables.includes(name)) found.usedVariables.push(name);
      },
    });
  const fill: Fill = (text) => fillWith(text, false);
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
  const takeEntry = (line: number, parts: EntryParts): void => {
    const request = toRequest(parts, { file, line }, defaultRegistry);
    requests.push(request);
    warnOfPlatforms(line, request.platforms);
  };
  const takeTags = (line: number, parts: TagParts, registry = defaultRegistry): void => {
    const request = toTagRequest(parts, { file, line }, registry);
    tagRequests.push(request);
    warnOfPlatforms(line, request.platforms);
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
    orReject(line, text, () => takeEntry(line, filled(readParts(), fill)));
  return {
    imageRules,
    held,
    fill,
    takeBareVariables: () => {
      bare = true;
    },
    found,
    addEntry,
    addLocked: (line, locked, source) =>
      void requests.push({
        written: locked.ref,
        origin: { file, line },
        source,
        platforms: locked.platforms.length === 0 ? 'all' : locked.platforms.map(parsePlatform),
        storedAs: [],
        implicitTag: false,
        locked,
        ...(held === undefined ? {} : { held }),
      }),
    addTags: (line, text, readParts) =>
      orReject(line, text, () => takeTags(line, filledTags(readParts(), fill))),
    addCandidate: (line, text, why) =>
      void found.candidates.push({ text: orAsItIs(text, fill), why, origin: { file, line } }),
    addLogin: (line, login) => {
      try {
        const read = filledLogin(login, (text) => fillWith(text, true));
        found.logins.push({ ...read, origin: { file, line } });
      } catch (error) {
        if (!(error instanceof OciSaveError)) throw error;
        // The registry may have another user, by the option or a file of credentials, or need none.
        addWarning(line, `the user of ${showText(login.registry)} is not used: ${error.message}`);
      }
    },
    addIgnore: (line, rule) =>
      orReject(line, rule.text, () => {
        const text = rule.isRegex === true ? rule.text : fill(rule.text);
        found.ignoreRules.push({ ...rule, text, origin: { file, line } });
      }),
    addReject,
    addWarning,
    ignore,
    addLine: (line, text, also) =>
      orReject(line, text, () => {
        const { parts, allTags, ignored: options, commaPair } = readEntryLine(fill(text));
        for (const option of options) ignore(option);
        if (commaPair) warnOnce(line, COMMA_PAIR, () => COMMA_PAIR);
        const whole = { ...also, ...parts, platforms: parts.platforms ?? also?.platforms };
        if (allTags) takeTags(line, allTagsOf(whole), whole.registry);
        else takeEntry(line, whole);
      }),
    stopsAt: (line) => {
      const { candidates } = found;
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

function allTagsOf({ source, pin, platforms, storedAs }: EntryParts): TagParts {
  if (pin !== undefined) throw refusal('every tag is asked for, and this entry names a digest');
  return { repository: source, selection: { allow: [], deny: [], versions: [] }, platforms, storedAs };
}

type Fill = (text: string) => string;

function filled(parts: EntryParts, fill: Fill): EntryParts {
  const { source, pin, storedAs, registry } = parts;
  return {
    ...parts,
    source: fill(source),
    ...(pin === undefined ? {} : { pin: fill(pin) }),
    storedAs: storedAs.map(fill),
    ...(registry === undefined ? {} : { registry: fill(registry) }),
  };
}

/** Regular expressions are not filled: a dollar is the end of a text there. */
function filledTags(parts: TagParts, fill: Fill): TagParts {
  return { ...parts, repository: fill(parts.repository), storedAs: parts.storedAs.map(fill) };
}

/** A candidate whose variable has no value stays as it is: it is no reference, and is listed as such. */
function orAsItIs(text: string, fill: Fill): string {
  try {
    return fill(text);
  } catch (error) {
    if (error instanceof OciSaveError) return text;
    throw error;
  }
}

/** A registry, or the beginning of repositories' names, in normal form where a variable was in it. */
function filledScope(registry: string, fill: Fill): string {
  const value = fill(registry);
  return value === registry ? registry : nameOf(parseReference(`${value}/x/x`)).replace(/\/x\/x$/, '');
}

/** `$NAME` alone is a variable where users are named (image-syncer). */
const ALONE = /^\$([A-Z_][A-Z0-9_]*)$/;

function filledLogin(login: Omit<ListLogin, 'origin' | 'isFilled'>, fill: Fill): Omit<ListLogin, 'origin'> {
  const fillField = (text: string): string => fill(text.replace(ALONE, '${$1}'));
  const password = login.password.reveal();
  const value = fillField(password);
  return {
    registry: filledScope(login.registry, fill),
    username: fillField(login.username),
    password: new Secret(value),
    isFilled: value !== password,
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
