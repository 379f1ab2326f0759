import { OciSaveError } from '../../errors.ts';
import { draftNotes, isDraftOf, isOurs, isPublishedWithout } from './notes.ts';
import type { Release, ReleaseService } from '../service/service.ts';
import type { Writer } from './writer.ts';

/**
 * The release of a tag, published or a draft, if there is one. A draft of ours that lost its tag is found, too: it gets
 * its tag again where it is written to.
 *
 * @param onStray called for each release of ours that was published without this tag
 * @throws OciSaveError `unsupported` where a tag has several drafts that are not all ours
 */
export async function findRelease(
  service: ReleaseService,
  tag: string,
  onStray: (release: Release) => void = () => {},
): Promise<Release | undefined> {
  const published = await service.published(tag);
  if (published !== undefined) return published;
  const unbound = await service.unbound(tag);
  for (const release of unbound) if (isPublishedWithout(release, tag)) onStray(release);
  const drafts = unbound.filter((release) => isDraftOf(release, tag)).toSorted((a, b) => a.id - b.id);
  if (drafts.length < 2 || drafts.every(({ body }) => isOurs(body))) return drafts[0];
  throw new OciSaveError({
    code: 'unsupported',
    message: `there are ${drafts.length} drafts of release ${tag}: ${drafts.map(({ url }) => url).join(', ')}`,
    hint: 'Remove all but one of them.',
  });
}

/** The release of a tag, or a new draft. */
export async function findOrCreateRelease(
  service: ReleaseService,
  tag: string,
  writer: Writer | undefined,
): Promise<Release> {
  const found = await findRelease(service, tag);
  if (found !== undefined) return withTag(found, tag, service);
  let created: Release;
  try {
    created = await service.createDraft(tag, tag, draftNotes({ tag, writer }));
  } catch (error) {
    // The draft may have been created although the response was lost.
    const draft =
      error instanceof OciSaveError && error.code === 'network' ? await findRelease(service, tag) : undefined;
    if (draft === undefined) throw error;
    return draft;
  }
  // Two jobs that start at once create two drafts: both keep the older one, which may have been published meanwhile.
  const chosen = (await findRelease(service, tag)) ?? created;
  if (chosen.id !== created.id) await service.removeDraft(created);
  return withTag(chosen, tag, service);
}

async function withTag(release: Release, tag: string, service: ReleaseService): Promise<Release> {
  return release.tag === tag ? release : service.bind(release, tag);
}
