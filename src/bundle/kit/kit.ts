import type { Manifests } from '../../image/index.ts';
import type { Lock } from '../../lock/index.ts';
import type { Repository } from '../layout-files.ts';
import { mirrorFiles } from './mirrors.ts';
import { readme } from './readme.ts';
import { SCRIPTS } from './scripts.ts';
import { SERVER_CONFIGURATIONS } from './servers.ts';
import { imagesTable, manifestsTable } from './tables.ts';

/** A text file of a bundle that an operator at the site reads or runs. */
export interface KitFile {
  /** Relative to the bundle, with slashes. */
  readonly path: string;
  /** Its text, made when it is asked for: the tables are long. */
  readonly content: () => string;
  readonly isExecutable: boolean;
}

/**
 * What a bundle carries for a site with a shell and little else: README.txt, and scripts and configurations below `kit/`.
 * All of it follows from the lock and its manifests, so that the same images give the same archive.
 */
export function kitFiles(
  lock: Lock,
  manifests: Manifests,
  repositories: readonly Pick<Repository, 'blobs'>[],
): KitFile[] {
  const scripts = Object.entries(SCRIPTS).map(([name, script]) => ({
    name,
    content: () => script,
    // What lib/ has is read by the others.
    isExecutable: !name.startsWith('lib/'),
  }));
  const data = [
    { name: 'images.tsv', content: () => imagesTable(lock, manifests) },
    { name: 'manifests.tsv', content: () => manifestsTable(lock, manifests) },
    ...Object.entries(SERVER_CONFIGURATIONS).map(([name, text]) => ({ name, content: () => text })),
    ...mirrorFiles(lock).map(({ name, content }) => ({ name, content: () => content })),
  ].map((file) => ({ ...file, isExecutable: false }));
  return [
    { path: 'README.txt', content: () => readme(lock, repositories), isExecutable: false },
    ...[...data, ...scripts].map(({ name, ...file }) => ({ path: `kit/${name}`, ...file })),
  ];
}
