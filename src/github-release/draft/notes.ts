import { z } from 'zod';
import { jsonIn } from '../../text/json-in.ts';
import type { Release } from '../service/service.ts';
import { writerSchema } from './writer.ts';

const TEXT = 'Container images for places without internet.';

/**
 * The mark of a draft that this tool created, and publishes when it is whole; a person's draft stays one. It is a comment,
 * which no page shows, and is removed when the release is published. Earlier versions wrote it without data.
 */
const MARK = /<!-- oci-save: published when whole(?: (\{[^<>]*\}))? -->/;

const noteSchema = z.object({ tag: z.string(), writer: writerSchema.optional() });

/** The data of the mark: the tag that the draft was created for, and the job, its archive and its list. */
export type DraftNote = z.infer<typeof noteSchema>;

/** The text of a release that this tool creates. */
export function draftNotes(note: DraftNote): string {
  // No text in it can end the comment.
  const data = JSON.stringify(note)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('>', String.raw`\u003e`);
  return `${TEXT}\n\n<!-- oci-save: published when whole ${data} -->\n`;
}

export function isOurs(body: string): boolean {
  return MARK.test(body);
}

/** The mark's data; undefined where there is no mark, or one of an earlier version. */
export function noteIn(body: string): DraftNote | undefined {
  return noteSchema.safeParse(jsonIn(MARK.exec(body)?.[1])).data;
}

export function publishedNotes(body: string): string {
  return body.replaceAll(new RegExp(MARK, 'g'), '').trim();
}

/**
 * Whether a release has GitHub's substitute for a tag: an edit of a draft that leaves `tag_name` out renames its tag to
 * that, and the draft is published under that name (release-drafter #204, mongosh #691, goreleaser #4755).
 */
export function hasLostItsTag({ tag }: Pick<Release, 'tag'>): boolean {
  return /^untagged-[0-9a-f]+$/.test(tag);
}

/** Whether a draft is for a tag, by its tag or by our mark; an earlier version's by its title, which is the tag. */
export function isDraftOf(release: Release, tag: string): boolean {
  if (!release.draft) return false;
  if (release.tag === tag) return true;
  if (!hasLostItsTag(release) || !isOurs(release.body)) return false;
  return (noteIn(release.body)?.tag ?? release.title) === tag;
}

/** Whether a release of ours was published without the tag that it was created for. Its mark was removed by that. */
export function isPublishedWithout(release: Release, tag: string): boolean {
  return !release.draft && hasLostItsTag(release) && release.title === tag && release.body.includes(TEXT);
}
