import { isDigest, isLongerDigest } from '../../../oci/digest.ts';
import { showText } from '../../../oci/reference-quote.ts';
import { refusal } from '../../problems.ts';
import type { TagSelection } from '../../request.ts';

/** Every tag of a repository. */
export const EVERY_TAG: TagSelection = { allow: [], deny: [], versions: [] };

/** A reference in which a tag may be more than a tag: several, or a rule. */
export interface SplitName {
  readonly repository: string;
  /** What follows the colon; undefined where there is none. */
  readonly tag: string | undefined;
}

/** Splits at the colon before the tag, which is neither that of a port nor one inside of a variable (`${TAG:-1}`). */
export function splitName(text: string): SplitName {
  let colon = -1;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith('${', at)) open += 1;
    else if (open > 0 && text[at] === '}') open -= 1;
    else if (open === 0 && text[at] === '/') colon = -1;
    else if (open === 0 && text[at] === ':' && colon < 0) colon = at;
  }
  return colon < 0
    ? { repository: text, tag: undefined }
    : { repository: text.slice(0, colon), tag: text.slice(colon + 1) };
}

/**
 * The reference of one tag of a repository; the tag may be a digest, or `tag@digest`.
 * @throws OciSaveError `list` for what is neither: `a` with the tag `5000/b` would name another registry
 */
export function taggedName(repository: string, tag: string): string {
  if (isDigest(tag) || isLongerDigest(tag)) return `${repository}@${tag}`;
  if (tag === '' || (/[/:]/.test(tag.replace(/@.*/s, '')) && !tag.includes('${'))) {
    throw refusal(`${showText(tag)} is not a tag`);
  }
  return `${repository}:${tag}`;
}
