import type { OciSaveError } from '../errors.ts';
import { lacksRoom, type Repository } from '../registry/index.ts';

/**
 * The projects of one target that have no room left. Quotas are counted by project (Harbor) or namespace (Quay), the first
 * part of a path.
 */
export interface FullProjects {
  /** The error of a repository's project, where that is full. */
  readonly errorOf: (repository: Repository) => OciSaveError | undefined;
  /** The error under which a failure is reported: of a full project one, the first. */
  readonly note: (repository: Repository, error: unknown) => unknown;
}

export function createFullProjects(): FullProjects {
  const full = new Map<string, OciSaveError>();
  const projectOf = ({ path }: Repository): string => path.replace(/\/.*/, '');
  const errorOf = (repository: Repository): OciSaveError | undefined => full.get(projectOf(repository));
  return {
    errorOf,
    note(repository, error) {
      if (!lacksRoom(error)) return error;
      const project = projectOf(repository);
      const message = `${repository.domain}/${project} has no room left, and gets no more blobs: ${error.message}`;
      const noted = errorOf(repository) ?? error.reworded(message);
      full.set(project, noted);
      return noted;
    },
  };
}
