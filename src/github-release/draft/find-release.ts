import { OciSaveError } from '../../errors.ts';
import { isDraftOf, isOurs, isPublishedWithout } from './notes.ts';
import type { Release, ReleaseService } from '../service/service.ts';

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
  const listed = await service.listed(tag);
  for (const release of listed) if (isPublishedWithout(release, tag)) onStray(release);
  return chosenDraft(
    listed.filter((release) => isDraftOf(release, tag)),
    tag,
  );
}

/** Of several drafts of ours the oldest: every job chooses the same one. */
export function chosenDraft(drafts: readonly Release[], tag: string): Release | undefined {
  if (drafts.length < 2 || drafts.every(({ body }) => isOurs(body)))
    return drafts.toSorted((a, b) => a.id - b.id)[0];
  throw new OciSaveError({
    code: 'unsupported',
    message: `there are ${drafts.length} drafts of release ${tag}: ${drafts.map(({ url }) => url).join(', ')}`,
    hint: 'Remove all but one of them.',
  });
}
