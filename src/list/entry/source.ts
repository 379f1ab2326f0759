import { OciSaveError } from '../../errors.ts';
import { isLongerDigest } from '../../oci/digest.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { explainEmptyValue } from '../../oci/reference-hint.ts';
import { showText } from '../../oci/reference-quote.ts';
import { refusal } from '../problems.ts';
import { looksLikeSecret } from '../../oci/secret-text.ts';
import type { Source } from '../request.ts';

const UNREAD = ['docker-daemon', 'oci-archive', 'dir', 'containers-storage'];

/** Whether a text begins with a transport whose source is a path, which may contain what a reference cannot. */
export function isLocalSource(text: string): boolean {
  return /^(?:docker-archive|oci):(?!\/\/)/.test(text) || unreadTransport(text) !== undefined;
}

function unreadTransport(text: string): string | undefined {
  const colon = text.indexOf(':');
  const head = colon < 0 ? '' : text.slice(0, colon);
  return UNREAD.find((transport) => transport === head);
}

/**
 * Reads where an entry is copied from: a reference, `docker://reference`, `docker-archive:path[:reference]` or
 * `oci:path[:name]`, as skopeo writes them (containers-transports(5)); `oci://` is how Helm writes a reference.
 * A missing tag stays missing.
 * @throws OciSaveError `list` for what cannot be read, or is not supported yet
 */
export function parseSource(text: string, defaultRegistry: string): Source {
  const unread = unreadTransport(text);
  if (unread !== undefined) {
    throw refusal(
      `sources of the transport '${unread}:' are not supported yet`,
      'Write it to a docker-archive: or oci: source first, or push it to a registry.',
    );
  }
  if (text.startsWith('docker-archive:')) return dockerArchive(text.slice('docker-archive:'.length));
  if (/^oci:(?!\/\/)/.test(text)) return ociLayout(text.slice('oci:'.length));
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
  if (source.transport === 'docker') return formatReference(source.reference);
  const { transport, path } = source;
  const named = transport === 'oci' ? source.name : source.reference && formatReference(source.reference);
  return `${transport}:${path}${named === undefined ? '' : `:${named}`}`;
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

function ociLayout(text: string): Source {
  const { path, rest } = splitPath(text, 'oci');
  return rest === undefined ? { transport: 'oci', path } : { transport: 'oci', path, name: rest };
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
