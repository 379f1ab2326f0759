import type { OciSaveError } from '../errors.ts';
import { inOtherWords } from '../http/index.ts';
import { type Hint, hint } from '../text/hint.ts';
import type { Repository } from './repository.ts';

/** Why a mirror did not give what it was asked for. */
export interface Refused {
  readonly place: Repository;
  /** An error, or what it lacks in words, which is no failure of the mirror. */
  readonly why: OciSaveError | string;
}

/** What a message is about: a repository, with a tag or a digest. A mirror that is down may have been so for another image. */
const SUBJECT = /^\S{1,1000}[:,] /;

/**
 * The error of a registry whose mirrors were asked before, with what each of them said: where the registry cannot be reached
 * at all, the mirror is what has to be mended. Its class stays.
 * @param lack what helps where a mirror lacks it and the registry fails
 */
export function withAskedBefore(error: OciSaveError, before: readonly Refused[], lack?: Hint): OciSaveError {
  if (before.length === 0 || error.code === 'interrupted') return error;
  const said = before.map((refused) => wordsOf(refused)).join('; ');
  const which = before.length === 1 ? 'the mirror was' : 'the mirrors were';
  return inOtherWords(
    error,
    `${error.message}; ${which} asked before: ${said}`,
    hintFor(error, before, lack),
  );
}

function wordsOf({ place, why }: Refused): string {
  if (typeof why === 'string') return `${place.domain} ${why}`;
  return why.message.startsWith(`${place.domain}/`) ? why.message.replace(SUBJECT, '') : why.message;
}

/** The hints of the mirrors, each with its host, before the registry's own. */
function hintFor(error: OciSaveError, before: readonly Refused[], lack: Hint | undefined): Hint | undefined {
  const ofMirrors = before.flatMap(({ place: { domain }, why }) =>
    typeof why === 'string' || why.hintParts === undefined
      ? []
      : [hint`For the mirror ${domain}: ${why.hintParts}`],
  );
  const isLacking = before.some(({ why }) => typeof why === 'string');
  const own = error.hintParts ?? (error.code === 'network' && ofMirrors.length === 0 ? UNREACHED : undefined);
  const all = [...ofMirrors, ...(isLacking && lack !== undefined ? [lack] : own === undefined ? [] : [own])];
  return all.reduce<Hint | undefined>(
    (one, next) => (one === undefined ? next : hint`${one} ${next}`),
    undefined,
  );
}

const UNREACHED =
  'Where the registry cannot be reached from here, the mirror has to have it: put it there. Else run it again.';
