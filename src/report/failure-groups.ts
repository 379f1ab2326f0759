import { shownReference } from '../oci/reference.ts';
import { plainText } from '../text/plain-text.ts';
import type { Failure, Fault } from './failure.ts';
import { type Place, placeOf, placeWords } from './place.ts';

/** Failures of one cause, which are mended together. The message does not name what `places` name. */
export interface FailureGroup extends Fault {
  /** In the order of the failures. */
  readonly places: readonly [Place, ...Place[]];
}

/** What is said of an image, of which the cause can be told. */
export interface Said {
  readonly ref: string;
  /** Of a failure its class. */
  readonly class?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Words that are said of several images alike. */
export interface Cause<T> {
  readonly first: T;
  readonly message: string;
  readonly hint?: string | undefined;
  /** In the order of what was said. */
  readonly places: readonly [Place, ...Place[]];
}

/** Failures by their cause, in the order of the first of each. */
export function groupFailures(failures: readonly Failure[]): FailureGroup[] {
  return byCause(failures).map(({ first, ...cause }) => ({ ...cause, class: first.class }));
}

/** What is said of images, each cause once, in the order of the first of each. */
export function byCause<T extends Said & Place>(all: readonly T[]): Cause<T>[] {
  return [...Map.groupBy(all, causeKey).values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const words = others.length === 0 ? ownWords(first) : commonWords([first, ...others]);
    return [{ ...words, first, places: [placeOf(first), ...others.map(placeOf)] }];
  });
}

/** The same for all failures of one cause: of two images that a registry lacks the names differ, and no more. */
export function causeKey(said: Said): string {
  const { message, hint } = anonymous(said);
  return [said.class, general(message), general(hint)].join('\n');
}

/** `images.txt:4: docker.io/library/nope:1: the registry answered 404`: what is said of an image, in one line. */
export function placedWords(place: Place, message: string): string {
  return `${placeWords(placeOf(place))}: ${withoutSubject(message, place.ref)}`;
}

type Words = Pick<Fault, 'message' | 'hint'>;

/** A single image stands before its cause, which need not begin with it. */
function ownWords({ ref, message, hint }: Said): Words {
  return withHint(withoutSubject(message, ref), hint);
}

/** Words that fit all images of a cause; dots are where each has its own. */
function commonWords(all: readonly Said[]): Words {
  const words = all.map(anonymous);
  const common = (texts: readonly string[]): string => {
    const [first = ''] = texts;
    return areSame(texts) ? first : general(first);
  };
  const own = all.map(({ ref, message }) => withoutSubject(message, ref));
  const [first = ''] = own;
  const message = areSame(own) ? first : common(words.map((one) => one.message));
  return withHint(message, common(words.map(({ hint }) => hint)));
}

function areSame([first, ...others]: readonly string[]): boolean {
  return others.every((text) => text === first);
}

function withHint(message: string, hint = ''): Words {
  return hint === '' ? { message } : { message, hint };
}

function withoutSubject(message: string, ref: string): string {
  // Requests by digest name no tag.
  const pinned = ref.replace(/:[^:/@]*@/, '@');
  for (const name of [ref, shownReference(ref), shownReference(pinned)]) {
    if (message.startsWith(`${name}: `)) return message.slice(name.length + 2);
    if (message.startsWith(`${name} `)) return `it${message.slice(name.length)}`;
    if (message.startsWith(`${name}, `)) return message.slice(name.length + 2);
  }
  // Of a blob the repository is named, and skopeo is given the digest of one platform.
  const { repository } = partsOf(ref);
  if (!repository.includes('/') || !message.startsWith(repository)) return message;
  const rest = message.slice(repository.length);
  return REST_OF_SUBJECT.test(rest) ? rest.replace(REST_OF_SUBJECT, '') : message;
}

/** What is said, without the names of the image. */
function anonymous({ ref, message, hint = '' }: Said): { readonly message: string; readonly hint: string } {
  const parts = partsOf(ref);
  const own = replaced(replaced(withoutSubject(message, ref), [ref, parts.named], 'it'), parts.places, '…');
  return {
    message: own.replaceAll(QUOTED, (words) => withoutWord(words, parts.tag)),
    hint: replaced(hint, [ref, parts.named, ...parts.places], '…'),
  };
}

/** `registry/path:tag`, and what names its repository in addresses and in the words of registries. */
function partsOf(ref: string): {
  readonly named: string;
  readonly repository: string;
  readonly tag: string;
  readonly places: readonly string[];
} {
  const named = ref.replace(PINNED, '');
  const colon = named.indexOf(':', named.lastIndexOf('/'));
  const [repository, tag] = colon < 0 ? [named, ''] : [named.slice(0, colon), named.slice(colon + 1)];
  const path = repository.slice(repository.indexOf('/') + 1);
  return { named, repository, tag, places: [`${path}/manifests/${tag}`, repository, path] };
}

/** Registries repeat a tag in their own words, in parentheses after their code; elsewhere a tag such as `1` may be any word. */
function withoutWord(text: string, word: string): string {
  return text.replaceAll(WORD, (found) => (found === word ? '…' : found));
}

/** A name without a slash may be any word. */
function replaced(text: string, names: readonly string[], word: string): string {
  return names
    .filter((name) => name.includes('/'))
    .reduce((rest, name) => rest.replaceAll(name, () => word), text);
}

const PINNED = /@sha256:[0-9a-f]{64}$/;
const REST_OF_SUBJECT = /^(?:@sha256:[0-9a-f]{64})?[:,] /;
const QUOTED = /\([A-Z_]{3,64}: [^()]{1,1000}\)/g;
const WORD = /[\w.-]{1,128}/g;
const DIGEST = /sha256:[0-9a-f]{12,64}/g;
const AMOUNT = /\b\d{1,20}(?:\.\d{1,3})?(?= of \d| (?:bytes?|B|KiB|MiB|GiB|TiB|ms|s|min|h)\b)/g;

/** A text without digests and amounts, which differ from image to image. */
function general(text: string): string {
  return plainText(text).replaceAll(DIGEST, 'sha256:…').replaceAll(AMOUNT, '…');
}
