import { OciSaveError } from '../../errors.ts';
import { withRetries } from '../../http/index.ts';
import { publishedNotes } from './notes.ts';
import type { SendOptions } from '../send-options.ts';
import { forbidsTag, saysNameIsTaken } from '../service/refusal.ts';
import type { Release } from '../service/service.ts';

/**
 * Publishes a draft under its tag, and checks that the tag names it then. Returns the published release of the tag, which
 * is another one where somebody published that first.
 * @throws OciSaveError `unsupported` where the release was published without the tag, or the tag names another one; else why
 *   it cannot be published, and where the draft is
 */
export async function publishDraft(draft: Release, options: SendOptions): Promise<Release> {
  const { service, tag } = options;
  let ended: Release;
  try {
    ended = await service.publish(draft, tag, publishedNotes(draft.body));
  } catch (error) {
    if (saysNameIsTaken(error)) return namedBy(error, options);
    // Only its answer may be lost.
    const now = isNetwork(error) ? await service.reread(draft).catch(() => undefined) : undefined;
    if (now === undefined || now.draft) throw notPublished(error, draft, tag);
    ended = now;
  }
  if (ended.draft || ended.tag !== tag) throw lostTag(ended, tag);
  const named = await namedBy(notNamed(ended, tag), options);
  if (named.id === ended.id) return named;
  throw new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} is another one than the one that got the files: ${named.url}; they are in ${ended.url}`,
    hint: 'Remove one of the two on its page, and run it again.',
  });
}

/** What a tag names. It may take a moment until a release is found by it; `unnamed` is thrown where it is not found at all. */
function namedBy(unnamed: unknown, { service, tag, retry, signal }: SendOptions): Promise<Release> {
  const attempt = async (): Promise<Release> => {
    const found = await service.published(tag);
    if (found === undefined) throw unnamed;
    return found;
  };
  return withRetries(attempt, retry, { signal, may: (error) => error === unnamed });
}

function notNamed({ url }: Release, tag: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} was published, and its tag does not name it: ${url}`,
    hint: 'Look at the release on its page. If it has its tag there, run it again; if not, choose the tag, and save it.',
  });
}

const isNetwork = (error: unknown): boolean => error instanceof OciSaveError && error.code === 'network';

/** The error of a publishing that the service refused, with the place of what was sent. */
function notPublished(error: unknown, { url }: Release, tag: string): unknown {
  if (!(error instanceof OciSaveError) || error.code === 'interrupted') return error;
  return new OciSaveError({
    code: error.code,
    message: `${error.message}; all files are in its draft: ${url}`,
    hint: forbidsTag(error)
      ? `GitHub does not let this token create the tag ${tag}. Push the tag first, or let the token pass the rule; then run it again: nothing is sent again.`
      : error.hintParts,
    cause: error,
  });
}

function lostTag({ tag: other, draft, url }: Release, tag: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: draft
      ? `release ${tag} is a draft still, though it was to be published: ${url}`
      : `release ${tag} was published as ${other}: ${url}`,
    hint: `All files are in it. Edit it on its page: choose the tag ${tag}, and publish it. Then run it again.`,
  });
}
