import { isPieceName } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { withRetries } from '../../http/index.ts';
import { interimName } from '../plan.ts';
import type { SendOptions } from '../send-options.ts';
import type { Release } from '../service/service.ts';
import { claimName } from './claim.ts';
import { chosenDraft, findRelease } from './find-release.ts';
import { draftNotes, isDraftOf, isOurs } from './notes.ts';

/** The release of a tag, or a new draft. */
export async function findOrCreateRelease(options: SendOptions): Promise<Release> {
  const { service, tag } = options;
  const found = await findRelease(service, tag);
  if (found !== undefined) return withTag(found, options);
  return keepOne(await withTag(await createDraft(options), options), options);
}

/**
 * A creation whose answer was lost is not repeated: GitHub would create a second draft, and its list may show the first
 * one only later.
 */
async function createDraft({ service, tag, writer, retry, signal }: SendOptions): Promise<Release> {
  try {
    return await service.createDraft(tag, tag, draftNotes({ tag, writer }));
  } catch (error) {
    if (!(error instanceof OciSaveError) || error.code !== 'network') throw error;
    const unknown = new OciSaveError({
      code: 'network',
      message: `${error.message}; the draft may have been created, and is not listed`,
      hint: 'Run it again: a draft that was created is found then, and no second one is made.',
      cause: error,
    });
    const attempt = async (): Promise<Release> => {
      const draft = await findRelease(service, tag);
      if (draft === undefined) throw unknown;
      return draft;
    };
    return withRetries(attempt, retry, { signal });
  }
}

/**
 * The release that is kept where several were created at once: the published one, else a person's draft, else the oldest of
 * ours. Where that is not `own`, `own` is removed, and its job goes on with the other one. GitHub's list shows a new release
 * only after a while (softprops/action-gh-release #705), so this is asked after the creation, and again before a draft is
 * published: whichever job sees both first, all come to the same one.
 *
 * @param onOther called for each newer draft of ours that is there beside `own`
 * @throws OciSaveError `unsupported` where `own` cannot be removed, since it has files of other archives
 */
export async function keepOne(
  own: Release,
  options: SendOptions,
  onOther: (release: Release) => void = () => {},
): Promise<Release> {
  const { service, tag } = options;
  const listed = await service.listed(tag);
  const published = listed.find((release) => !release.draft && release.tag === tag);
  const others = listed.filter((release) => release.id !== own.id && isDraftOf(release, tag));
  const [person, ...more] = others.filter(({ body }) => !isOurs(body));
  const kept =
    published ?? (more.length === 0 ? person : undefined) ?? chosenDraft([own, ...others], tag) ?? own;
  if (kept.id !== own.id) return moveTo(kept, own, options);
  others.forEach(onOther);
  return kept;
}

/** Removes a draft of ours, and returns the release that is to be written to in its place. */
export async function moveTo(kept: Release, own: Release, options: SendOptions): Promise<Release> {
  const { service, tag, archive, files, emit } = options;
  const mine = new Set(files.flatMap(({ name }) => [name, interimName(name)]));
  const isMine = (name: string): boolean =>
    mine.has(name) || name === claimName(archive) || isPieceName(archive, name);
  const others = (await service.assets(own)).map(({ name }) => name).filter((name) => !isMine(name));
  if (others.length > 0) {
    throw new OciSaveError({
      code: 'unsupported',
      message: `release ${tag} was created twice, ${kept.url} and ${own.url}, and the second has files of other archives: ${others.join(', ')}`,
      hint: 'Remove the second one, and run this job and those that sent these files again.',
    });
  }
  await service.removeDraft(own);
  emit({
    type: 'log',
    level: 'info',
    message: `release ${tag} was created twice; going on with ${kept.url}`,
  });
  return withTag(kept, options);
}

async function withTag(release: Release, { tag, service }: SendOptions): Promise<Release> {
  return release.tag === tag ? release : service.bind(release, tag);
}
