import { messageOf, OciSaveError } from '../errors.ts';
import { isSpent } from '../http/index.ts';
import type { Digest } from '../oci/digest.ts';
import { type Hint, hint, option } from '../text/hint.ts';
import { type Refused, withAskedBefore } from './asked-before.ts';
import type { RegistryClient } from './client.ts';
import type { Repository } from './repository.ts';

/** Where the repositories below a name are read first: both are a registry, or a registry with the beginning of a path. */
export interface Mirror {
  readonly prefix: string;
  readonly location: string;
}

/** How repositories are read that may have mirrors. */
export interface Sources {
  /** Reads from the mirrors of a repository, and from itself for what none of them gives. What it writes, it writes there. */
  readonly client: RegistryClient;
  /** The mirrors of a repository in their order, and last itself. */
  readonly placesOf: (repository: Repository) => readonly Repository[];
  /**
   * How content of a repository is called where it matters who gave it: with the mirrors, since a mirror that another run
   * names may say anything.
   */
  readonly nameOf: (repository: Repository) => string;
  /**
   * Tells that what was given of a blob was wrong, or broke off each time: the mirrors that gave it are not asked for it
   * again. False where there were none.
   */
  readonly passOver: (repository: Repository, digest: Digest, error: OciSaveError) => boolean;
  /** Which of the places has a manifest. @throws OciSaveError the repository's own error where none has it */
  readonly placeOf: (repository: Repository, digest: Digest, signal?: AbortSignal) => Promise<Repository>;
  /** What a report says of the mirrors of a repository, once it was read. */
  readonly notesOf: (repository: Repository) => readonly string[];
}

interface AskOptions<T> {
  /** A failure is not repeated by the caller, so that the mirror counts as one that is down. */
  readonly lasting: boolean;
  /** What a mirror lacks, in words, where the next place may give more: that is no failure of the mirror. */
  readonly lacks?: (value: T) => string | undefined;
  /** What helps where a mirror lacks it, and the registry fails. */
  readonly lackHint?: Hint;
  readonly signal?: AbortSignal | undefined;
  /** Mirrors that are not asked, by name. */
  readonly without?: ReadonlyMap<string, OciSaveError> | undefined;
}

/** Referrers are looked for in the registry as well where a mirror has none: one that copies images alone has none of any. */
const LACKS_REFERRERS = hint`The mirror has none, and the registry, which may have some, is asked in addition: copy the signatures to the mirror, see to it that the registry is reached, or save with ${option('referrers', 'none')}.`;

const MAY_HAVE_MORE = hint`The registry may have more than the mirror lists, and is asked in addition: see to it that it is reached, or save with ${option('referrers', 'none')}.`;

const nameOf = ({ domain, path }: Repository): string => `${domain}/${path}`;

/**
 * The mirrors of a repository: those of the longest prefix that it is below, as in registries.conf
 * (containers-registries.conf(5)), and at whole parts of a name alone. Where a registry alone would take the place of a whole
 * name, nothing is left that it could be asked for.
 */
export function mirrorsOf(repository: Repository, mirrors: readonly Mirror[]): Repository[] {
  return rulesOf(nameOf(repository), mirrors).flatMap((mirror) => placeIn(mirror, nameOf(repository)) ?? []);
}

/** The mirrors that none of these repositories is read from. */
export function idleMirrors(repositories: readonly Repository[], mirrors: readonly Mirror[]): Mirror[] {
  const names = repositories.map(nameOf);
  const used = new Set(
    names.flatMap((name) => rulesOf(name, mirrors).filter((mirror) => placeIn(mirror, name) !== undefined)),
  );
  return mirrors.filter((mirror) => !used.has(mirror));
}

function rulesOf(name: string, mirrors: readonly Mirror[]): Mirror[] {
  const fitting = mirrors.filter(({ prefix }) => name === prefix || name.startsWith(`${prefix}/`));
  const longest = Math.max(...fitting.map(({ prefix }) => prefix.length));
  return fitting.filter(({ prefix }) => prefix.length === longest);
}

function placeIn({ prefix, location }: Mirror, name: string): Repository | undefined {
  const place = location + name.slice(prefix.length);
  const slash = place.indexOf('/');
  return slash < 0
    ? undefined
    : { domain: place.slice(0, slash), path: place.slice(slash + 1), isMirror: true };
}

/**
 * Reads from mirrors first. Whatever a mirror answers, its bytes have to have the digest; whatever it fails with, the next
 * place is asked, as with registries.conf. Each place has its own credentials, and is sent no other ones.
 * @param onFallback told in words when a mirror does not give what it is asked for, once for each repository of it, and of one
 *   that is asked no more once
 */
export function createSources(
  client: RegistryClient,
  mirrors: readonly Mirror[],
  onFallback: (message: string) => void,
): Sources {
  const down = new Map<string, OciSaveError>();
  const told = new Set<string>();
  const notes = new Map<string, Set<string>>();
  const places = new Map<string, Repository>();
  const placesOf = (repository: Repository): Repository[] => [...mirrorsOf(repository, mirrors), repository];
  const note = (repository: Repository, text: string): void => {
    const known = notes.get(nameOf(repository)) ?? new Set();
    notes.set(nameOf(repository), known.add(text));
  };
  const fellBack = (repository: Repository, place: Repository, error: OciSaveError): void => {
    note(repository, `not all of it came from the mirror ${place.domain} (${error.code})`);
    const isDown = down.has(place.domain);
    const about = isDown ? place.domain : nameOf(place);
    if (told.has(about)) return;
    told.add(about);
    const what = isDown
      ? `the mirror ${place.domain} is not asked any more`
      : `${nameOf(repository)}: the mirror does not give it`;
    onFallback(`${what}: ${messageOf(error)}; the next place is asked`);
  };
  /** By blob of a repository: the mirrors that gave of it, and those that are not asked for it any more. */
  const givers = new Map<string, Set<Repository>>();
  const passedOver = new Map<string, Map<string, OciSaveError>>();
  const ask = async <T>(
    repository: Repository,
    call: (place: Repository) => Promise<T>,
    { lasting, lacks = () => undefined, lackHint, signal, without }: AskOptions<T>,
  ): Promise<{ readonly place: Repository; readonly value: T }> => {
    const before: Refused[] = [];
    for (const place of mirrorsOf(repository, mirrors)) {
      const earlier = without?.get(nameOf(place)) ?? down.get(place.domain);
      if (earlier !== undefined) {
        before.push({ place, why: earlier });
        continue;
      }
      try {
        const value = await call(place);
        const lack = lacks(value);
        if (lack === undefined) return { place, value };
        before.push({ place, why: lack });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof OciSaveError) || error.code === 'interrupted') throw error;
        const isLasting =
          error.code === 'network' ? lasting || isSpent(error) : lasting && error.code === 'quota';
        if (isLasting) down.set(place.domain, error);
        fellBack(repository, place, error);
        before.push({ place, why: error });
      }
    }
    try {
      return { place: repository, value: await call(repository) };
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof OciSaveError ? withAskedBefore(error, before, lackHint) : error;
    }
  };
  const keyOf = (repository: Repository, digest: string): string => `${nameOf(repository)}@${digest}`;
  const found = (repository: Repository, digest: string, place: Repository): void => {
    places.set(keyOf(repository, digest), place);
    if (place !== repository) note(repository, `read from the mirror ${place.domain}`);
  };
  const readHead: RegistryClient['headManifest'] = async (repository, reference, signal) => {
    const call = (place: Repository) => client.headManifest(place, reference, signal);
    const { place, value } = await ask(repository, call, { lasting: true, signal });
    if (value !== undefined) found(repository, value.digest, place);
    return value;
  };
  return {
    placesOf,
    nameOf(repository) {
      const others = mirrorsOf(repository, mirrors).map(nameOf);
      return nameOf(repository) + (others.length === 0 ? '' : ` (mirrored by ${others.join(', ')})`);
    },
    passOver(repository, digest, error) {
      const key = keyOf(repository, digest);
      const gave = givers.get(key);
      if (gave === undefined) return false;
      givers.delete(key);
      for (const place of gave) {
        passedOver.set(
          key,
          (passedOver.get(key) ?? new Map<string, OciSaveError>()).set(nameOf(place), error),
        );
        // All attempts were made.
        if (error.code === 'network') down.set(place.domain, error);
        fellBack(repository, place, error);
      }
      return true;
    },
    async placeOf(repository, digest, signal) {
      if (mirrorsOf(repository, mirrors).length === 0) return repository;
      const key = keyOf(repository, digest);
      if (!places.has(key)) {
        const head = await readHead(repository, digest, signal);
        // Where a registry answers no HEAD, the manifest itself has to be asked for.
        if (head === undefined) await readManifest(repository, digest, signal);
      }
      return places.get(key) ?? repository;
    },
    notesOf: (repository) => [...(notes.get(nameOf(repository)) ?? [])],
    client: {
      ...client,
      headManifest: readHead,
      getManifest: (repository, reference, signal) => readManifest(repository, reference, signal),
      getBlob: async (repository, blob, range) => {
        const call = (place: Repository) => client.getBlob(place, blob, range);
        const key = keyOf(repository, blob.digest);
        const options = { lasting: false, signal: range?.signal, without: passedOver.get(key) };
        const { place, value } = await ask(repository, call, options);
        if (place !== repository) givers.set(key, (givers.get(key) ?? new Set()).add(place));
        return value;
      },
      headBlob: async (repository, digest, signal) => {
        const call = (place: Repository) => client.headBlob(place, digest, signal);
        return (await ask(repository, call, { lasting: true, signal })).value;
      },
      findTagged: async (repository, tag, signal) => {
        const call = (place: Repository) => client.findTagged(place, tag, signal);
        const lacks = (found: unknown) => (found === undefined ? 'has no such tag of referrers' : undefined);
        const options = { lasting: true, lacks, lackHint: LACKS_REFERRERS, signal };
        return (await ask(repository, call, options)).value;
      },
      listReferrers: async (repository, digest, signal) => {
        const call = (place: Repository) => client.listReferrers(place, digest, signal);
        const lacks = (found: readonly unknown[] = []) =>
          found.length === 0 ? 'lists no referrers' : undefined;
        const options = { lasting: true, lacks, lackHint: LACKS_REFERRERS, signal };
        const { place, value } = await ask(repository, call, options);
        if (place === repository) return value;
        // A mirror may have copied an image before it was signed.
        try {
          const own = await client.listReferrers(repository, digest, signal);
          const all = [...(value ?? []), ...(own ?? [])];
          return [...new Map(all.map((one) => [one.digest, one])).values()];
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof OciSaveError)) throw error;
          throw withAskedBefore(error, [{ place, why: 'lists some referrers' }], MAY_HAVE_MORE);
        }
      },
      listTags: async (repository, signal) => {
        const call = (place: Repository) => client.listTags(place, signal);
        return (await ask(repository, call, { lasting: true, signal })).value;
      },
    },
  };

  async function readManifest(
    repository: Repository,
    reference: string,
    signal: AbortSignal | undefined,
  ): ReturnType<RegistryClient['getManifest']> {
    const call = (place: Repository) => client.getManifest(place, reference, signal);
    const { place, value } = await ask(repository, call, { lasting: true, signal });
    found(repository, value.digest, place);
    return value;
  }
}
