import pRetry from 'p-retry';
import { OciSaveError } from '../../errors.ts';
import { publishedNotes } from './notes.ts';
import type { SendOptions } from '../send-options.ts';
import type { Release } from '../service/service.ts';

/**
 * Publishes a draft under its tag, and checks that the tag names it then.
 * @throws OciSaveError `unsupported` where the release was published without the tag, or the tag names another one
 */
export async function publishDraft(
  draft: Release,
  { service, tag, retries, signal }: SendOptions,
): Promise<Release> {
  const ended = await service.publish(draft, tag, publishedNotes(draft.body));
  if (ended.draft || ended.tag !== tag) throw lostTag(ended, tag);
  // It may take a moment until a release is found by its tag.
  const named = await pRetry(
    async () => {
      const found = await service.published(tag);
      if (found === undefined) throw new NotNamedError(ended, tag);
      return found;
    },
    {
      retries,
      minTimeout: 1000,
      maxTimeout: 30_000,
      shouldRetry: ({ error }) => error instanceof NotNamedError,
      ...(signal === undefined ? {} : { signal }),
    },
  );
  if (named.id === ended.id) return named;
  throw new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} is another one than the one that got the files: ${named.url}; they are in ${ended.url}`,
    hint: 'Remove one of the two on its page, and run it again.',
  });
}

class NotNamedError extends OciSaveError {
  constructor({ url }: Release, tag: string) {
    super({
      code: 'unsupported',
      message: `release ${tag} was published, and its tag does not name it: ${url}`,
      hint: 'Look at the release on its page. If it has its tag there, run it again; if not, choose the tag, and save it.',
    });
  }
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
