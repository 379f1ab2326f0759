import { hasOurText, isOurs, noteIn } from './notes.ts';
import type { Release } from './service/service.ts';

/**
 * Whether a release has what GitHub puts in the place of a tag: an edit of a draft that leaves `tag_name` out renames its
 * tag so, and the draft is published under that name (release-drafter #204, mongosh #691, goreleaser #4755).
 */
export function hasLostItsTag({ tag }: Pick<Release, 'tag'>): boolean {
  return /^untagged-[0-9a-f]+$/.test(tag);
}

/** Whether a draft of ours was made for a tag. The mark tells; of an earlier version's, the title, which is the tag. */
export function isDraftOf(release: Release, tag: string): boolean {
  if (!release.draft) return false;
  if (release.tag === tag) return true;
  if (!hasLostItsTag(release) || !isOurs(release.body)) return false;
  return (noteIn(release.body)?.tag ?? release.title) === tag;
}

/** Whether a release of ours was published without the tag that it was made for. Its mark went with that. */
export function isPublishedWithout(release: Release, tag: string): boolean {
  return !release.draft && hasLostItsTag(release) && release.title === tag && hasOurText(release.body);
}
