import { withoutEnd } from '../../text/trim.ts';
import { OciSaveError } from '../../errors.ts';
import { MAX_REFERENCE } from '../../oci/reference-quote.ts';
import { namesRegistry, parseReference } from '../../oci/reference.ts';
import type { Collector } from '../entry/findings.ts';
import { MAX_LINE, stripBlanks, stripQuotes } from '../syntax/lines.ts';
import type { Scalar } from '../syntax/tree.ts';

/** Effects of taints: `example.com/role:NoSchedule` has the form of a reference. */
const EFFECT = /:(?:NoSchedule|PreferNoSchedule|NoExecute)$/;

/** Whether a text has a tag or a digest, and is a reference. */
export function isVersioned(text: string): boolean {
  if (!/[:@]/.test(text) || text.length > MAX_REFERENCE || EFFECT.test(text)) return false;
  try {
    const { tag, digest } = parseReference(text);
    return tag !== undefined || digest !== undefined;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}

/** Whether a text is an image by its form alone: a reference with a path or a registry, and with a tag or a digest. */
export function looksLikeImage(text: string): boolean {
  return text.includes('/') && isVersioned(text);
}

/** In prose and configurations only a registry's name is a sign: `a/b:1` is also a path with a port. */
function looksLikeFullImage(text: string): boolean {
  return looksLikeImage(text) && namesRegistry(text);
}

/** Whether an image of a name that says so (`SIDECAR_IMAGE`, `initImage`) may be what a text is: `busybox:1` as well. */
export function mayBeImage(text: string, name: string): boolean {
  return looksLikeImage(text) || (/image/i.test(name) && isVersioned(text));
}

/** A name of a stranger's for a message, where it is one. */
export function shownName(name: string): string {
  return /^[\w./$-]{1,80}$/.test(name) ? ` ${name}` : '';
}

/** Longer texts are files, which are given as lists of their own. */
const MAX_TEXT = 1024 * 1024;

/** `image: nginx:1` inside of a text. */
const IMAGE_LINE = /^\s*(?:-\s+)?["']?image["']?:\s+["']?([^\s"',]+)/;

/** An image in a text, and the line where it is. */
interface FoundImage {
  readonly line: number;
  readonly text: string;
}

/**
 * Adds the candidates in a text of several lines, such as a file inside of a ConfigMap, or a list of `version=image`. Longer
 * texts than 1 MiB are not read.
 */
export function addCandidatesOf(scalar: Scalar, why: string, collector: Collector): void {
  if (scalar.text.length > MAX_TEXT) collector.ignore('texts of more than 1 MiB');
  for (const { line, text } of imagesOfText(scalar)) collector.addCandidate(line, text, why);
}

/**
 * The images in a text: words with a registry, and what follows `image:`. A template after that is one as well, so that it
 * is reported.
 */
export function imagesOfText(scalar: Scalar): FoundImage[] {
  if (scalar.text.length > MAX_TEXT) return [];
  return scalar.text.split('\n').flatMap((line, at): FoundImage[] => {
    if (!/[:@]/.test(line) || line.length > MAX_LINE || /^\s*(?:#|\/\/)/.test(line)) return [];
    const number = scalar.line + (scalar.block === true ? at + 1 : 0);
    const named = IMAGE_LINE.exec(line)?.[1];
    if (named?.startsWith('{{')) return [{ line: number, text: imageTemplate(line) }];
    if (named !== undefined && isVersioned(named)) return [{ line: number, text: named }];
    return imagesIn(line).map((text) => ({ line: number, text }));
  });
}

function imageTemplate(line: string): string {
  return stripQuotes(stripBlanks(line.slice(line.indexOf(':') + 1)));
}

function imagesIn(line: string): string[] {
  const words = line.split(/[\s"'`,;=()<>|[\]{}\\]+/).map((word) => withoutEnd(word, '.:'));
  return words.filter(looksLikeFullImage);
}
