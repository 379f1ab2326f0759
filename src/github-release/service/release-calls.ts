import type { z } from 'zod';
import { parsed, releaseSchema, unreadable } from './answers.ts';
import { type Connection, PER_PAGE } from './connection.ts';
import { hasLostItsTag } from '../draft/notes.ts';
import type { Release, ReleaseService } from './service.ts';

type ReleaseCalls = Pick<
  ReleaseService,
  'published' | 'unbound' | 'reread' | 'createDraft' | 'bind' | 'publish' | 'removeDraft'
>;

/** The calls that are about releases themselves. */
export function releaseCalls({
  target,
  octokit,
  at,
  where,
  ask,
  askOnce,
  soon,
  allPages,
  refusalIn,
}: Connection): ReleaseCalls {
  const { commit } = target;
  const releaseOf = (tag: string, data: z.input<typeof releaseSchema>): Release => {
    const release = parsed(releaseSchema, data, where);
    // A draft may be told by what stands for its tag.
    if (release.tag === tag || (release.draft && hasLostItsTag(release))) return release;
    throw unreadable(where);
  };
  /**
   * Every edit names the tag: GitHub takes it from a draft otherwise. The commit is not named: without a new one the
   * existing target stays, says GitHub's description of the call.
   */
  const edit = async (
    subject: string,
    { id }: Release,
    change: { readonly tag_name: string; readonly draft?: boolean; readonly body?: string },
  ): Promise<Release> =>
    ask(subject, async () => {
      const answer = await octokit.request('PATCH /repos/{owner}/{repo}/releases/{release_id}', {
        ...at,
        release_id: id,
        ...change,
        request: soon(),
      });
      return parsed(releaseSchema, answer.data, where);
    });
  return {
    async published(tag) {
      return ask(`release ${tag} cannot be looked up`, async () => {
        try {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/tags/{tag}', {
            ...at,
            tag,
            request: soon(),
          });
          return releaseOf(tag, answer.data);
        } catch (error) {
          if (refusalIn(error)?.status === 404) return undefined;
          throw error;
        }
      });
    },
    async unbound(tag) {
      const releases = await allPages(releaseSchema, (page) =>
        ask('releases cannot be listed', async () => {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases', {
            ...at,
            page,
            per_page: PER_PAGE,
            request: soon(),
          });
          return answer.data;
        }),
      );
      return releases.filter((release) => (release.draft && release.tag === tag) || hasLostItsTag(release));
    },
    async reread({ id, tag }) {
      return ask(`release ${tag} cannot be looked up`, async () => {
        try {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/{release_id}', {
            ...at,
            release_id: id,
            request: soon(),
          });
          return parsed(releaseSchema, answer.data, where);
        } catch (error) {
          if (refusalIn(error)?.status === 404) return undefined;
          throw error;
        }
      });
    },
    async createDraft(tag, title, body) {
      // Not asked again: a second draft of the tag could be the answer.
      return askOnce(`release ${tag} cannot be created`, async () => {
        const answer = await octokit.request('POST /repos/{owner}/{repo}/releases', {
          ...at,
          tag_name: tag,
          name: title,
          body,
          draft: true,
          ...(commit === undefined ? {} : { target_commitish: commit }),
          request: soon(),
        });
        return releaseOf(tag, answer.data);
      });
    },
    async bind(release, tag_name) {
      return edit(`draft ${release.url} cannot be given its tag ${tag_name}`, release, { tag_name });
    },
    async publish(release, tag_name, body) {
      return edit(`release ${tag_name} cannot be published`, release, { tag_name, draft: false, body });
    },
    async removeDraft({ id, tag }) {
      await ask(`a second draft of release ${tag} cannot be removed`, () =>
        octokit.request('DELETE /repos/{owner}/{repo}/releases/{release_id}', {
          ...at,
          release_id: id,
          request: soon(),
        }),
      );
    },
  };
}
