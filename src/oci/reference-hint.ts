import { digestTag, isDigest } from './digest.ts';
import { holdsCredentials, quoteReference } from './reference-quote.ts';

export interface Explanation {
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** The values that templates write for an empty variable. */
const EMPTY_VALUES = /(^|[/:@])(null|undefined|None|<nil>|<no value>|<none>)(?=$|[/:@])/;

const EMPTY_VARIABLE = 'A variable was probably empty when this list was written.';

/** `@VERSION@`, as build tools write a variable. */
const AT_VARIABLE = /(?:^|[:/._-])@\w+@/;

/** The marks of variables and templates that no other text has; there may be blanks inside. */
const TEMPLATE = /\{\{|\{%|<%|\$\{|###\w+###/;
/** `$NAME`, which a password may have in it, too. */
const SHELL_VARIABLE = /\$[A-Za-z_]/;

const UNFILLED = 'it contains a variable or a template without its value';
const FILL = 'Write the value.';

const ZERO_WIDTH = /[\u00A0\u200B-\u200D\u2060\uFEFF]/u;

/**
 * The likely reason why a text is not a reference, and what was probably meant. `why` is where the parser stopped;
 * the text often shows more.
 */
export function explainReference(text: string, why: string): Explanation {
  return (
    emptyValue(text) ??
    explainTemplate(text) ??
    characters(text) ??
    pasted(text) ??
    leftovers(text) ??
    tagOrDigest(text, why) ??
    spelling(text, why)
  );
}

/** Finds a value of an empty variable anywhere in a text that is not a reference. */
function emptyValue(text: string): Explanation | undefined {
  const value = EMPTY_VALUES.exec(text)?.[2];
  if (value === undefined) return undefined;
  return { reason: `'${value}' is in the place of a name`, hint: EMPTY_VARIABLE };
}

/**
 * The same for a reference within the grammar: `null/app:1`, `app:undefined`. Only its first component and its tag
 * count, since `null` may be a team's name in between.
 */
export function explainEmptyValue(reference: string): Explanation | undefined {
  const at = reference.indexOf('@');
  const named = at < 0 ? reference : reference.slice(0, at);
  const first = named.slice(0, Math.max(0, named.indexOf('/')));
  const colon = named.lastIndexOf(':');
  return emptyValue(first) ?? emptyValue(colon > named.lastIndexOf('/') ? named.slice(colon) : '');
}

/** The reason where a text, a reference or a whole line, has a variable or a template in it that nobody filled. */
export function explainTemplate(text: string): Explanation | undefined {
  const isTemplate = TEMPLATE.test(text) || (SHELL_VARIABLE.test(text) && !hasLogin(text));
  return isTemplate ? { reason: UNFILLED, hint: FILL } : undefined;
}

function hasLogin(text: string): boolean {
  return holdsCredentials(text) && (text.includes('://') || !AT_VARIABLE.test(text));
}

function characters(text: string): Explanation | undefined {
  if (text === '') return { reason: 'it is empty' };
  const odd = ZERO_WIDTH.exec(text) ?? /[^\x20-\x7E]/u.exec(text);
  if (odd) {
    const point = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return { reason: `it contains the character U+${point}`, hint: 'Type the reference again, without it.' };
  }
  if (/\s/.test(text)) return { reason: 'it contains a blank', hint: 'Write one reference per line.' };
  return undefined;
}

function pasted(text: string): Explanation | undefined {
  // Before all that quotes: no part of such a text may be in a message.
  if (hasLogin(text)) {
    return {
      reason: 'it contains a user name and a password',
      hint: 'Write the reference alone; log in to the registry instead.',
    };
  }
  const page = /^https?:\/\/hub\.docker\.com\/(?:r\/|_\/)?([\w./-]+)/.exec(text)?.[1];
  if (page) return { reason: 'it is the address of a web page', hint: didYouMean(text, page) };
  const address = /^https?:\/\/([^?=#]+)/.exec(text)?.[1];
  if (address) return { reason: 'references have no scheme', hint: didYouMean(text, address) };
  if (text.startsWith('-')) return { reason: 'it begins with a dash, as options do' };
  if (/^(IMAGE|REPOSITORY|NAME|TAG)(:|$)/.test(text))
    return { reason: 'it looks like the header of a table' };
  return undefined;
}

/** The traces of an empty variable, and what is missing. */
const LEFTOVERS: readonly (readonly [trace: RegExp, reason: string])[] = [
  [/^[:@]/, 'the name is missing'],
  [/^\//, 'there is nothing before the first slash'],
  [/:(?:$|@)/, 'the tag is missing after the colon'],
  [/@$/, 'the digest is missing after the @'],
  [/\/(?:$|[:@/])/, 'a component of its path is empty'],
];

function leftovers(text: string): Explanation | undefined {
  if (/[{}$%<>]/.test(text) || AT_VARIABLE.test(text)) return { reason: UNFILLED, hint: FILL };
  const reason = LEFTOVERS.find(([trace]) => trace.test(text))?.[1];
  if (reason !== undefined) return { reason, hint: EMPTY_VARIABLE };
  if (/[,;\\]$/.test(text)) return { reason: `it ends in '${text.slice(-1)}'` };
  return undefined;
}

function tagOrDigest(text: string, why: string): Explanation | undefined {
  if (why === 'bad-digest') {
    return {
      reason: 'what follows the @ is not a sha256 digest',
      hint: 'Write sha256: and 64 lower-case hex digits.',
    };
  }
  if (why === 'bare-digest') {
    return { reason: 'it is a digest or an image ID without a name', hint: 'Write name@sha256:… instead.' };
  }
  if (why !== 'bad-tag') return undefined;
  const tag = text.replace(/@.*/s, '').slice(text.indexOf(':', text.lastIndexOf('/') + 1) + 1);
  if (tag.includes('+')) {
    const shown = quotePart(text, tag) ?? 'a+b';
    const [chart, release] = [shown.replaceAll('+', '_'), shown.replaceAll('+', '-')];
    return {
      reason: `a tag cannot contain '+'`,
      hint: `Registries store '${shown}' as '${chart}' (Helm charts) or '${release}' (RKE2 and k3s images).`,
    };
  }
  if (tag.includes(':')) {
    const bare = `sha256:${tag.split(':').at(-1) ?? ''}`;
    const hint =
      isDigest(bare) && quoteReference(text) !== undefined
        ? `Did you mean '@' before the digest, or the tag '${digestTag(bare)}'?`
        : undefined;
    return { reason: 'it has more than one tag', hint };
  }
  if (tag.length > 128) return { reason: 'its tag is longer than 128 characters' };
  const shown = quotePart(text, tag);
  return {
    reason: `its tag ${shown === undefined ? '' : `'${shown}' `}breaks the grammar`,
    hint: 'Tags are letters, digits, _ . and -.',
  };
}

function spelling(text: string, why: string): Explanation {
  if (why === 'too-long') return { reason: 'its name is longer than 255 characters' };
  if (text.split('/').some((component) => component === '..' || component === '.')) {
    return { reason: 'a component of its path is a dot folder' };
  }
  const named = text.replace(/@.*/s, '').replace(/:[^:/]*$/, '');
  if (/[A-Z]/.test(named)) {
    return {
      reason: 'repository names are lower case',
      hint: didYouMean(text, text.replace(named, named.toLowerCase())),
    };
  }
  if (why === 'bad-domain') return { reason: 'its registry is not a host name' };
  return {
    reason: 'its path breaks the grammar',
    hint: 'Components are lower-case letters, digits, and . _ - between.',
  };
}

/** A part of a text for a message, where the whole text may be quoted. */
function quotePart(text: string, part: string): string | undefined {
  return quoteReference(text) === undefined ? undefined : quoteReference(part);
}

function didYouMean(text: string, meant: string): string | undefined {
  const quoted = quotePart(text, meant);
  return quoted === undefined ? undefined : `Did you mean '${quoted}'?`;
}
