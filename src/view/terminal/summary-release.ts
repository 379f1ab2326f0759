import { formatBytes, formatCount } from '../../text/bytes.ts';
import { type Palette, paletteOf } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import type { ReleaseReport } from '../../report/release-report.ts';
import type { RunReport } from '../../report/run-report.ts';
import { wrapHanging, wrapWords } from './wrap.ts';

const STATUS_WORDS: Record<ReleaseReport['assets'][number]['status'], string> = {
  sent: 'sent',
  replaced: 'replaced',
  there: 'already there',
  kept: 'kept although different',
  planned: 'to be sent',
};

/** `bundle.tar, 120 MiB, sha256:…`; of parts, how many there are and how they are called. */
export function archiveWords({ path, size, digest, parts }: NonNullable<RunReport['archive']>): string {
  const [first, last] = [parts?.[0], parts?.at(-1)];
  const what =
    first === undefined || last === undefined
      ? plainText(path)
      : `${plainText(first.path)} … ${last.path.slice(-3)} (${formatCount(parts?.length ?? 0, 'part')})`;
  return `${what}, ${formatBytes(size)}, ${digest}`;
}

/** `v1.2.3 of org/site, a draft: 8 files, 5.1 GiB; 5 sent, 3 already there`; nothing of a failure. */
export function releaseWords({ repository, tag, draft, assets, removed }: ReleaseReport): string {
  const bytes = assets.reduce((sum, { size }) => sum + size, 0);
  const counts = Object.entries(STATUS_WORDS).flatMap(([status, words]) => {
    const count = assets.filter((asset) => asset.status === status).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const gone = removed.length === 0 ? [] : [`${removed.length} of an earlier archive removed`];
  const head = `${plainText(tag)} of ${plainText(repository)}${draft === true ? ', a draft' : ''}`;
  if (assets.length === 0) return head;
  return `${head}: ${formatCount(assets.length, 'file')}, ${formatBytes(bytes)}; ${[...counts, ...gone].join(', ')}`;
}

/** Why the release failed, as failures of images are told. */
export function releaseFailureSection(
  { release }: Pick<RunReport, 'release'>,
  palette: Palette,
  room: number,
): string[] {
  if (release?.failure === undefined) return [];
  const { class: failureClass, message, hint } = release.failure;
  const indented = (text: string): string[] => wrapWords(text, room - 2).map((line) => `  ${line}`);
  const [first = '', ...rest] = indented(`${failureClass}: ${plainText(message)}`);
  return [
    palette.bad(`Release failed: ${plainText(release.tag)} of ${plainText(release.repository)}`),
    first.replace(failureClass, palette.bad(failureClass)),
    ...rest,
    ...indented(`hint: ${plainText(hint)}`),
  ];
}

/** What a person reads after `oci-save release`: each file, and the page. No line end after the last line. */
export function renderRelease(
  release: ReleaseReport,
  { width, color }: { readonly width?: number | undefined; readonly color: boolean },
): string {
  const palette = paletteOf(color);
  const room = width === undefined || width <= 0 ? Number.POSITIVE_INFINITY : width;
  const longest = release.assets.reduce((most, { name }) => Math.max(most, name.length), 0);
  return [
    ...releaseFailureSection({ release }, palette, room),
    ...release.assets.map(
      ({ name, size, status }) =>
        `  ${plainText(name).padEnd(longest)}  ${formatBytes(size).padStart(9)}  ${STATUS_WORDS[status]}`,
    ),
    ...release.removed.map((name) => `  ${plainText(name).padEnd(longest)}  ${''.padStart(9)}  removed`),
    ...wrapHanging(`${palette.strong('Release')}  ${releaseWords(release)}`, room, 9),
    ...(release.url === undefined ? [] : [`         ${plainText(release.url)}`]),
  ].join('\n');
}
