import type { OciSaveError } from '../../errors.ts';
import { nearest } from '../../text/nearest.ts';
import { parsePlatformChoice, type PlatformChoice } from '../../oci/platform.ts';
import { refusal } from '../problems.ts';

export interface LineOptions {
  readonly platforms: PlatformChoice | undefined;
  /** `--all-tags`: every tag of the repository. */
  readonly allTags: boolean;
  readonly ignored: readonly string[];
  /** The line without its options. */
  readonly rest: string;
}

const KNOWN = ['--platform', '--quiet', '--all-tags', '--disable-content-trust'];
const ALL_TAGS = /^(?:-a|--all-tags)(?:=true)?$/;
/** Options of `docker pull` that change nothing here. */
const HARMLESS = /^(?:(?:-q|--quiet|--disable-content-trust)(?:=(?:true|false))?|(?:-a|--all-tags)=false)$/;

/**
 * Splits off the options of `docker pull` before a reference: lists that were copied from a well-known workflow have
 * them.
 * @throws OciSaveError `list` for options that are unknown. An option's value is never quoted: it may be a password.
 */
export function takeOptions(text: string): LineOptions {
  let rest = text;
  let platforms: PlatformChoice | undefined;
  let allTags = false;
  const ignored: string[] = [];
  for (let option = nextOption(rest); option !== undefined; option = nextOption(rest)) {
    rest = rest.slice(option.length).trimStart();
    const [name = '', ...values] = option.split('=');
    if (name === '--platform') {
      const value = option.includes('=') ? values.join('=') : (nextWord(rest) ?? '');
      if (!option.includes('=')) rest = rest.slice(value.length).trimStart();
      platforms = parsePlatformChoice(value.replace(/^(['"])(.*)\1$/, '$2'));
    } else if (HARMLESS.test(option)) {
      ignored.push(`option ${name}`);
    } else if (ALL_TAGS.test(option)) {
      allTags = true;
    } else {
      throw unknownOption(name);
    }
  }
  return { platforms, allTags, ignored, rest };
}

/** The option is quoted only if it cannot contain a value. */
function unknownOption(name: string): OciSaveError {
  const shown = /^(?:-[A-Za-z]|--[a-z][a-z-]{1,30})$/.test(name) ? `the option '${name}'` : 'an option';
  const meant = nearest(name, KNOWN);
  return refusal(
    `${shown} is unknown`,
    meant === undefined ? 'The only option in lists is --platform.' : `Did you mean '${meant}'?`,
  );
}

function nextWord(text: string): string | undefined {
  return /^[^ \t]+/.exec(text)?.[0];
}

function nextOption(text: string): string | undefined {
  return /^-[\w-][^ \t]*/.exec(text)?.[0];
}
