/** What zot keeps on disk beside the repositories (project-zot/zot: pkg/storage/constants, pkg/storage/local, pkg/meta). */

/** At its root: its databases, its marker, and what it tries hard links with. */
export const SERVER_FILES: ReadonlySet<string> = new Set([
  'cache.db',
  'meta.db',
  '_restore_complete',
  'hardlinkcheck.txt',
  'duphardlinkcheck.txt',
]);

/** At its root: what it knows of vulnerabilities, and sessions. */
export const SERVER_FOLDERS: ReadonlySet<string> = new Set(['_trivy', '_sessions']);

/** In each repository: uploads and copies that have not ended. */
export const UNFINISHED_FOLDERS: ReadonlySet<string> = new Set(['.uploads', '.sync']);
