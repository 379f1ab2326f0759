import { digestTag, isDigest } from './digest.ts';
import { holdsCredentials, quoteReference } from './reference-quote.ts';

export interface Explanation {
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** What templates leave behind when a variable was empty. */
const EMPTY_VALUES = /(^|[/:@])(null|undefined|None|<nil>|<no value>|<none>)(?=$|[/:@])/;

const EMPTY_VARIABLE = 'A variable was probably empty when this list was made.';

/** `@VERSION@`, as build tools write a variable. */
const AT_VARIABLE = /(?:^|[:/._-])@\w+@/;

const ZERO_WIDTH = /[\u00A0\u200B-\u200D\u2060\uFEFF]/u;

/**
 * The likely reason why a text is no reference, and what was probably meant. `why` is where the grammar stopped;
 * the text often tells more.
 */
export function explainReference(text: string, why: string): Explanation {
  return (
    emptyValue(text) ??
    characters(text) ??
    pasted(text) ??
    leftovers(text) ??
    tagOrDigest(text, why) ??
    spelling(text, why)
  );
}

/** Names a value that an empty variable left behind, anywhere in a text that is no reference. */
function emptyValue(text: string): Explanation | undefined {
  const value = EMPTY_VALUES.exec(text)?.[2];
  if (value === undefined) return undefined;
  return { reason: `'${value}' stands where a name should`, hint: EMPTY_VARIABLE };
}

/**
 * The same for a reference within the grammar: `null/app:1`, `app:undefined`. Only its first component and its tag
 * are looked at, since `null` may well be a team's name further on.
 */
export function explainEmptyValue(reference: string): Explanation | undefined {
  const named = reference.replace(/@.*$/, '');
  const first = named.includes('/') ? named.slice(0, named.indexOf('/')) : '';
  return emptyValue(first) ?? emptyValue(/:[^:/]*$/.exec(named)?.[0] ?? '');
}

function characters(text: string): Explanation | undefined {
  if (text === '') return { reason: 'it is empty' };
  const odd = ZERO_WIDTH.exec(text) ?? /[^\x20-\x7E]/u.exec(text);
  if (odd) {
    const point = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return { reason: `it holds the character U+${point}`, hint: 'Type the reference again, without it.' };
  }
  if (/\s/.test(text)) return { reason: 'it holds a blank', hint: 'Write one reference a line.' };
  return undefined;
}

function pasted(text: string): Explanation | undefined {
  // Before all that quotes: nothing of such a text may stand in a message.
  if (holdsCredentials(text) && (text.includes('://') || !AT_VARIABLE.test(text))) {
    return {
      reason: 'it holds a user name and a password',
      hint: 'Write the reference alone; log in to the registry instead.',
    };
  }
  const page = /^https?:\/\/hub\.docker\.com\/(?:r\/|_\/)?([\w./-]+)/.exec(text);
  if (page?.[1]) return { reason: 'it is the address of a web page', hint: didYouMean(text, page[1]) };
  const address = /^https?:\/\/([^?=#]+)/.exec(text);
  if (address?.[1]) return { reason: 'references have no scheme', hint: didYouMean(text, address[1]) };
  if (text.startsWith('-')) return { reason: 'it begins with a dash, as options do' };
  if (/^(IMAGE|REPOSITORY|NAME|TAG)(:|$)/.test(text)) return { reason: 'it looks like the head of a table' };
  return undefined;
}

function leftovers(text: string): Explanation | undefined {
  if (/^[:@]/.test(text)) return { reason: 'the name is missing', hint: EMPTY_VARIABLE };
  if (text.startsWith('/')) return { reason: 'nothing stands before the first slash', hint: EMPTY_VARIABLE };
  if (/:(?:$|@)/.test(text)) return { reason: 'the tag is missing after the colon', hint: EMPTY_VARIABLE };
  if (text.endsWith('@')) return { reason: 'the digest is missing after the @', hint: EMPTY_VARIABLE };
  if (/\/(?:$|[:@/])/.test(text)) return { reason: 'a component of its path is empty', hint: EMPTY_VARIABLE };
  if (/[{}$%<>]/.test(text) || AT_VARIABLE.test(text))
    return { reason: 'it holds a variable or a template that nobody filled' };
  if (/[,;\\]$/.test(text)) return { reason: `it ends in '${text.slice(-1)}'` };
  return undefined;
}

function tagOrDigest(text: string, why: string): Explanation | undefined {
  if (why === 'bad-digest') {
    return {
      reason: 'what follows the @ is no sha256 digest',
      hint: 'Write sha256: and 64 lower-case hex digits.',
    };
  }
  if (why === 'bare-digest') {
    return { reason: 'it is a digest or an image ID without a name', hint: 'Write name@sha256:… instead.' };
  }
  if (why !== 'bad-tag') return undefined;
  const tag = text.replace(/@.*$/, '').slice(text.indexOf(':', text.lastIndexOf('/') + 1) + 1);
  if (tag.includes('+')) {
    const shown = quotePart(text, tag) ?? 'a+b';
    const [chart, release] = [shown.replaceAll('+', '_'), shown.replaceAll('+', '-')];
    return {
      reason: `tags hold no '+'`,
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
  const named = text.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  if (/[A-Z]/.test(named)) {
    return {
      reason: 'repository names are lower case',
      hint: didYouMean(text, text.replace(named, named.toLowerCase())),
    };
  }
  if (why === 'bad-domain') return { reason: 'its registry is no host name' };
  return {
    reason: 'its path breaks the grammar',
    hint: 'Components are lower-case letters, digits, and . _ - between.',
  };
}

/** A part of a text, fit to be quoted where the whole text is. */
function quotePart(text: string, part: string): string | undefined {
  return quoteReference(text) === undefined ? undefined : quoteReference(part);
}

function didYouMean(text: string, meant: string): string | undefined {
  const quoted = quotePart(text, meant);
  return quoted === undefined ? undefined : `Did you mean '${quoted}'?`;
}
