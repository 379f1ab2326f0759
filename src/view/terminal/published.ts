import {
  ASSET_STATUS,
  type PushReport,
  type PushSection,
  pushSections,
  type ReleaseReport,
  releaseWords,
  type Verdict,
} from '../../report/index.ts';
import { formatBytes } from '../../text/bytes.ts';
import { option, spellHint } from '../../text/hint.ts';
import { plainText } from '../../text/plain-text.ts';
import { type Screen, type ScreenOptions, screenOf } from './paint.ts';
import { causesSection, faultLines, moreLine } from './sections.ts';
import { wrapHanging } from './wrap.ts';

const MAX_NOTES = 50;

/** What one target of a push got: figures, names that differ from the source, failures. */
export function pushSection(section: PushSection, screen: Screen, rest: string): string[] {
  const { target, outcome, tally, traffic, time, notes, failures } = section;
  const { palette, room } = screen;
  const paint = outcome === 'done' ? palette.good : outcome === 'warned' ? palette.warn : palette.bad;
  const hanging = (text: string): string[] => wrapHanging(text, room - 2, 2).map((line) => `  ${line}`);
  return [
    `${palette.strong(`Push to ${plainText(target)}`)}: ${paint(tally)}`,
    ...hanging(`${traffic}; ${time}`),
    ...notes.slice(0, MAX_NOTES).flatMap((note) => hanging(plainText(note))),
    ...moreLine(notes.length - MAX_NOTES, rest),
    ...causesSection(failures, screen, rest),
  ];
}

/** What a person reads when a push has ended. No line end after the last line. */
export function renderPushSummary(report: PushReport, options: ScreenOptions): string {
  const screen = screenOf(options);
  const { bad, warn, good } = screen.palette;
  const again = 'Push again when the causes above are gone: only the rest is sent.';
  const verdicts = {
    failed: [bad(`Failed. ${again}`)],
    warned: [
      warn(
        report.dryRun === true
          ? 'Dry run: nothing was sent, and not all images could be pushed.'
          : `Done, but not all images were pushed. ${again}`,
      ),
    ],
    done: report.dryRun === true ? [good('Dry run: nothing was sent.')] : [],
  };
  const rest = `, all with ${spellHint([option('json')], screen.spelling)}`;
  const sections = pushSections(report.targets).map((section) =>
    pushSection(section, screen, rest).join('\n'),
  );
  return [...sections, ...verdicts[report.outcome]].join('\n\n');
}

/** Why a release failed, in the form that failures of images have. */
export function releaseFailureSection(release: Verdict['release'], screen: Screen): string[] {
  if (release === undefined) return [];
  const { tag, repository, failure } = release;
  return [
    screen.palette.bad(`Release failed: ${plainText(tag)} of ${plainText(repository)}`),
    ...faultLines(failure, '  ', screen),
  ];
}

/** What a person reads after `oci-save release`: each file, and the page. No line end after the last line. */
export function renderRelease(release: ReleaseReport, options: ScreenOptions): string {
  const screen = screenOf(options);
  const { failure, assets, removed, url } = release;
  const longest = assets.reduce((most, { name }) => Math.max(most, name.length), 0);
  return [
    ...releaseFailureSection(failure && { ...release, failure }, screen),
    ...assets.map(
      ({ name, size, status }) =>
        `  ${plainText(name).padEnd(longest)}  ${formatBytes(size).padStart(9)}  ${ASSET_STATUS[status]}`,
    ),
    ...removed.map((name) => `  ${plainText(name).padEnd(longest)}  ${''.padStart(9)}  removed`),
    ...wrapHanging(`${screen.palette.strong('Release')}  ${releaseWords(release)}`, screen.room, 9),
    ...(url === undefined ? [] : [`         ${plainText(url)}`]),
  ].join('\n');
}
