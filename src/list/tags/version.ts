import { compare, Range, SemVer } from 'semver';
import type { OciSaveError } from '../../errors.ts';
import { refusal } from '../problems.ts';
import { shownRule } from './pattern.ts';

/** `1.2.3`, `v1.2`, `12`, `1.2.3-rc.1+build`: what Masterminds/semver, which the mirroring tools use, reads. */
const VERSION =
  /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+[\dA-Za-z.-]+)?$/;

/** `!=1.2`, which node's grammar does not have. */
const UNEQUAL = /!=\s*([^\s,|]+)/g;

/** The characters of a range. */
const RANGE = /^[\dA-Za-z.*+\-<>=!~^|, ]+$/;

const MAX_RANGE = 500;

/** The version that a tag names, a missing part as 0; undefined where it names none. */
export function versionOf(tag: string): SemVer | undefined {
  const [, major, minor = '0', patch = '0', prerelease] = VERSION.exec(tag) ?? [];
  if (major === undefined) return undefined;
  // The parts of dates have zeros before them, which SemVer does not take.
  const numbers = [major, minor, patch].map(Number).join('.');
  const parts = prerelease
    ?.split('.')
    .map((part) => (/^\d+$/.test(part) ? part.replace(/^0+/, '') || '0' : part));
  return new SemVer(parts === undefined ? numbers : `${numbers}-${parts.join('.')}`);
}

/** By version, the newest first; equal ones by code point of their tags. */
export function newestFirst(
  a: { readonly version: SemVer; readonly tag: string },
  b: { readonly version: SemVer; readonly tag: string },
): number {
  return compare(b.version, a.version) || (a.tag < b.tag ? -1 : 1);
}

/**
 * A range of semantic versions as Masterminds/semver has it: `>= 1.2, <2`, `~1.2`, `^1`, `1.2.x`, `1.2 - 1.4`, `!=1.3`,
 * and `||` between alternatives. A pre-release is in it only where the same alternative names one.
 * @throws OciSaveError `list` for what is no range
 */
export function compileRange(text: string): (version: SemVer) => boolean {
  if (text.length > MAX_RANGE) throw refusal(`its range of versions is longer than ${MAX_RANGE} characters`);
  if (!RANGE.test(text)) throw noRange(text);
  const alternatives = text.split('||').map((alternative) => {
    const unequal = [...alternative.matchAll(UNEQUAL)].map(([, version = '']) => rangeOf(version, text));
    const rest = alternative
      .replace(UNEQUAL, ' ')
      .replaceAll(',', ' ')
      .replace(/=([<>])/g, '$1=')
      .trim();
    if (rest === '' && unequal.length === 0) throw noRange(text);
    const range = rangeOf(rest === '' ? '*' : rest, text);
    return (version: SemVer): boolean => range.test(version) && !unequal.some((other) => other.test(version));
  });
  return (version) => alternatives.some((fits) => fits(version));
}

/** `1.19-0`, a version without its last parts, which node's grammar takes only without a pre-release. */
const SHORT = /(?<![\w.-])(v?\d+(?:\.\d+)?)(?=-[\dA-Za-z])/g;

/** `-` in a version, and not ` - ` between two. */
const NAMES_PRERELEASE = /\d-[\dA-Za-z]/;

function rangeOf(alternative: string, text: string): Range {
  try {
    const whole = alternative.replace(SHORT, (parts) => parts + '.0'.repeat(3 - parts.split('.').length));
    return new Range(whole, { includePrerelease: NAMES_PRERELEASE.test(alternative) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw noRange(text);
  }
}

function noRange(text: string): OciSaveError {
  return refusal(
    `${shownRule(text)} is not a range of versions`,
    'Write for example >= 1.2 <2, ~1.2, ^1 or 1.2.x; || separates alternatives.',
  );
}
