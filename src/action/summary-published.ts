import { formatBytes, formatCount } from '../text/bytes.ts';
import { releaseWords } from '../view/index.ts';
import type { RunReport } from '../report/index.ts';
import { code, escaped, prose } from './markdown.ts';

/** The archive, and its parts where it was cut. */
export function archiveLines({ archive }: RunReport, shown: (file: string) => string): string[] {
  if (archive === undefined) return [];
  const { path: file, size, digest, parts = [] } = archive;
  const cut = parts.length === 0 ? '' : ` in ${formatCount(parts.length, 'part')}`;
  return [
    `- Archive: ${shown(file)}${cut}, ${formatBytes(size)}, ${code(digest)}`,
    ...parts.map((part) => `  - ${shown(part.path)}, ${formatBytes(part.size)}, ${code(part.digest)}`),
  ];
}

/** A release that was made, with a link to its page. */
export function releaseLines({ release }: RunReport): string[] {
  if (release === undefined || release.failure !== undefined) return [];
  const words = escaped(releaseWords(release));
  const { url } = release;
  const page = url === undefined || !/^https?:\/\/[^\s<>()[\]"']+$/.test(url) ? '' : ` ([page](${url}))`;
  return [`- Release: ${words}${page}`];
}

/** A release that failed, as images that failed. */
export function releaseFailure({ release }: RunReport): string[] {
  if (release?.failure === undefined) return [];
  const { class: failureClass, message, hint } = release.failure;
  return [
    `### Release ${escaped(release.tag)} failed`,
    '',
    `- **${failureClass}**: ${prose(message)}`,
    `- Hint: ${prose(hint)}`,
  ];
}
