import { OciSaveError } from '../../errors.ts';
import { hexOf, isDigest, isLongerDigest } from '../../oci/digest.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { explainEmptyValue } from '../../oci/reference-hint.ts';
import { showText } from '../../oci/reference-quote.ts';
import { refusal } from '../problems.ts';
import { looksLikeSecret } from '../../oci/secret-text.ts';
import type { Source } from '../request.ts';

/** The transports of this machine; how each reads what follows its colon. */
const LOCAL = {
  'docker-archive': dockerArchive,
  oci: (text: string) => ociLayout(text, 'oci'),
  'oci-archive': (text: string) => ociLayout(text, 'oci-archive'),
  dir,
  'docker-daemon': (text: string) => stored(text, 'docker-daemon'),
  'containers-storage': (text: string) => stored(text, 'containers-storage'),
} as const satisfies Record<Exclude<Source['transport'], 'docker'>, (text: string) => Source>;

/** Whether a text begins with a transport whose source is on this machine: a path may contain what a reference cannot. */
export function isLocalSource(text: string): boolean {
  return localTransport(text) !== undefined;
}

/** `oci://` is how Helm writes a reference. */
function localTransport(text: string): keyof typeof LOCAL | undefined {
  const colon = text.indexOf(':');
  const head = colon < 0 || text.startsWith('//', colon + 1) ? '' : text.slice(0, colon);
  return Object.keys(LOCAL).find((name): name is keyof typeof LOCAL => name === head);
}

/**
 * Reads where an entry is copied from, as skopeo writes it (containers-transports(5)): a reference, `docker://reference`,
 * `docker-archive:path[:reference]`, `oci:path[:name]`, `oci-archive:path[:name]`, `dir:path`,
 * `docker-daemon:reference` or `docker-daemon:sha256:…` (an image ID), `containers-storage:reference` or
 * `containers-storage:@…`. A missing tag stays missing.
 * @throws OciSaveError `list` for what cannot be read
 */
export function parseSource(text: string, defaultRegistry: string): Source {
  const local = localTransport(text);
  if (local !== undefined) return LOCAL[local](text.slice(local.length + 1));
  const named = text.replace(/^(?:docker|oci):\/\//, '');
  const at = named.indexOf('@');
  const digest = named.slice(at + 1);
  if (at < 0 || !isLongerDigest(digest)) {
    return { transport: 'docker', reference: parseName(named, defaultRegistry) };
  }
  // Somebody wrote it on purpose: that image fails, and not the list.
  return {
    transport: 'docker',
    reference: { ...parseName(named.slice(0, at), defaultRegistry), otherDigest: digest },
  };
}

/** A source as `parseSource` reads it, its reference in normal form. */
export function formatSource(source: Source): string {
  const reference = referenceIn(source);
  switch (source.transport) {
    case 'docker':
      return formatReference(source.reference);
    case 'docker-daemon':
    case 'containers-storage': {
      const { transport, image } = source;
      if (typeof image !== 'string') return `${transport}:${formatReference(image)}`;
      return transport === 'docker-daemon' ? `${transport}:${image}` : `${transport}:@${hexOf(image)}`;
    }
    case 'dir':
    case 'docker-archive':
    case 'oci':
    case 'oci-archive': {
      const name = 'name' in source ? source.name : reference && formatReference(reference);
      return `${source.transport}:${source.path}${name === undefined ? '' : `:${name}`}`;
    }
  }
}

/** The reference that a source names an image by; undefined where that is a path alone, a layout's own name or an ID. */
export function referenceIn(source: Source): Reference | undefined {
  if ('reference' in source) return source.reference;
  return 'image' in source && typeof source.image !== 'string' ? source.image : undefined;
}

/** The same source with another reference. */
export function withReference(source: Source, reference: Reference): Source {
  if ('image' in source) return { ...source, image: reference };
  return 'reference' in source ? { ...source, reference } : source;
}

/** A reference. Throws `list`, also for what an empty variable leaves of one. */
export function parseName(text: string, defaultRegistry?: string): Reference {
  const reference = parseReference(text, defaultRegistry);
  const empty = explainEmptyValue(text);
  if (empty) throw notReference(text, `: ${empty.reason}`, empty.hint);
  // A secret on its own line fits the grammar, and would be sent to Docker Hub as a name.
  if (isBareWord(text) && looksLikeSecret(text)) throw notReference(text);
  return reference;
}

function notReference(text: string, why = '', hint?: string): OciSaveError {
  return refusal(`${showText(text)} is not an image reference${why}`, hint);
}

/** Hosts in capital letters without a dot are short: `Foo/app`. */
const LONG_HOST = 16;

/** One word, or base64 in which a slash makes a host of capital letters. */
function isBareWord(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return !/[:@]/.test(text);
  // What follows the slash is in small letters, or it would be no reference: that is short by chance alone.
  if (slash < LONG_HOST) return false;
  const host = text.slice(0, slash);
  return /[A-Z]/.test(host) && !/[.:@[]/.test(host) && !/[:@.]/.test(text.slice(slash));
}

function dockerArchive(text: string): Source {
  const { path, rest } = splitPath(text, 'docker-archive');
  if (rest === undefined) return { transport: 'docker-archive', path };
  // Names inside an archive are Docker's: with another default registry they would not be found.
  const reference = parseName(rest);
  if (reference.digest !== undefined) {
    throw refusal('images in a docker-archive are named by tag, never by digest', 'Write path:name:tag.');
  }
  return { transport: 'docker-archive', path, reference };
}

function ociLayout(text: string, transport: 'oci' | 'oci-archive'): Source {
  const { path, rest } = splitPath(text, transport);
  return rest === undefined ? { transport, path } : { transport, path, name: rest };
}

function dir(text: string): Source {
  const { path, rest } = splitPath(text, 'dir');
  if (rest !== undefined) throw refusal("a 'dir:' source has one image, and no name", 'Write dir:path.');
  return { transport: 'dir', path };
}

/** Names in these storages are complete: with another default registry they would not be found. */
function stored(text: string, transport: 'docker-daemon' | 'containers-storage'): Source {
  if (text === '') throw refusal(`the name is missing after '${transport}:'`);
  if (text.startsWith('[')) {
    const advice = 'Set CONTAINERS_STORAGE_CONF for another storage than that of its user.';
    throw refusal('the place of a storage cannot be written in a list', advice);
  }
  const id = transport === 'docker-daemon' ? text : text.replace(/^@(?:sha256:)?/, 'sha256:');
  if (isDigest(id)) return { transport, image: id };
  // What `podman images` and `docker images` show of an ID is its beginning.
  if (/^@[0-9a-f]{4,63}$/.test(text) || /^[0-9a-f]{64}$/.test(text)) {
    const advice =
      transport === 'docker-daemon'
        ? 'Write docker-daemon:sha256:ID => name:tag, with its 64 digits: docker images --no-trunc lists them.'
        : 'Write containers-storage:@ID => name:tag, with its 64 digits: podman images --no-trunc lists them.';
    throw refusal('an image ID is not written so', advice);
  }
  const image = parseName(text);
  if (transport === 'docker-daemon' && image.digest !== undefined) {
    const advice = 'Write docker-daemon:name:tag, or docker-daemon:sha256:… with an image ID.';
    throw refusal("Docker's daemon does not give images by the digest of a registry", advice);
  }
  return { transport, image };
}

/** The first colon ends the path, as in skopeo; a path with a colon cannot be written. */
function splitPath(text: string, transport: string): { path: string; rest: string | undefined } {
  if (/\p{Cc}/u.test(text)) throw refusal(`the path after '${transport}:' contains a control character`);
  const colon = text.indexOf(':');
  const path = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? undefined : text.slice(colon + 1);
  if (path === '') throw refusal(`the path is missing after '${transport}:'`);
  if (rest === '') throw refusal(`the name is missing after the path of '${transport}:'`);
  return { path, rest };
}

/**
 * Checks the registry for names without one, so that it is reported once and not for every line. `what` names it in the
 * message; its text is not shown, since people paste addresses with passwords.
 * @throws OciSaveError `usage` where it is not a host name
 */
export function checkDefaultRegistry(registry: string, what: string): void {
  try {
    parseReference('image', registry);
  } catch (cause) {
    if (!(cause instanceof OciSaveError)) throw cause;
    throw new OciSaveError({
      code: 'usage',
      message: `${what} is not a host name`,
      hint: 'Write a host, with a port if necessary: registry.example:5000.',
      cause,
    });
  }
}
