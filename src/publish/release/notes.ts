/**
 * What tells a draft of ours from one that a person made: ours is published when it is whole, theirs stays a draft. It
 * is a comment, which no page shows, and goes when the release is published.
 */
const MARK = '<!-- oci-save: published when whole -->';

/** The text of a release that we make. */
export function draftNotes(): string {
  return `Container images for places without internet.\n\n${MARK}\n`;
}

export function isOurs(body: string): boolean {
  return body.includes(MARK);
}

export function publishedNotes(body: string): string {
  return body.replaceAll(MARK, '').trim();
}
