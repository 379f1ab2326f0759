import { type RunsCommand, type Workplace, workplace } from './oci-save.ts';
import { type ReleaseService, startReleaseService, WRITER } from './release-service/index.ts';

/** A release service, and a workplace whose environment names it, its repository and a token that may write. */
export interface Releasing {
  readonly service: ReleaseService;
  readonly work: Workplace;
  /** Resolves with the calls that broke GitHub's rules. */
  readonly close: () => Promise<ReleaseService['violations']>;
}

export async function startReleasing(runs?: RunsCommand): Promise<Releasing> {
  const service = await startReleaseService();
  const env = { GITHUB_API_URL: service.url, GITHUB_REPOSITORY: 'org/site', GH_TOKEN: WRITER };
  const work = await workplace(env, runs);
  const close = async (): Promise<ReleaseService['violations']> => {
    const { violations } = service;
    await Promise.all([service.close(), work.close()]);
    return violations;
  };
  return { service, work, close };
}
