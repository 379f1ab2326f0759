import { z } from 'zod';
import { jsonIn } from '../../text/json-in.ts';
import type { Release } from '../service/service.ts';
import { writerSchema } from './writer.ts';

const TEXT = 'Container images for places without internet.';

/**
 * What distinguishes a draft of ours from one that a person made: ours is published when it is whole, theirs stays a draft. It
 * is a comment, which no page shows, and goes when the release is published. Earlier versions wrote it without data.
 */
const MARK = /<!-- oci-save: published when whole(?: (\{[^<>]*\}))? -->/;

const noteSchema = z.object({ tag: z.string(), writer: writerSchema.optional() });

/** The data of the mark in a draft of ours: for which tag it was made, and by which job, for which archive and list. */
export type DraftNote = z.infer<typeof noteSchema>;

/** The text of a release that we make. */
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
 * Whether a release has what GitHub puts in the place of a tag: an edit of a draft that leaves `tag_name` out renames its
 * tag so, and the draft is published under that name (release-drafter #204, mongosh #691, goreleaser #4755).
 */
export function hasLostItsTag({ tag }: Pick<Release, 'tag'>): boolean {
  return /^untagged-[0-9a-f]+$/.test(tag);
}

/** Whether a draft of ours was made for a tag, by its mark; an earlier version's by its title, which is the tag. */
export function isDraftOf(release: Release, tag: string): boolean {
  if (!release.draft) return false;
  if (release.tag === tag) return true;
  if (!hasLostItsTag(release) || !isOurs(release.body)) return false;
  return (noteIn(release.body)?.tag ?? release.title) === tag;
}

/** Whether a release of ours was published without the tag that it was made for. Its mark went with that. */
export function isPublishedWithout(release: Release, tag: string): boolean {
  return !release.draft && hasLostItsTag(release) && release.title === tag && release.body.includes(TEXT);
}
