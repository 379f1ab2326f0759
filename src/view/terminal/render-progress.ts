import stringWidth from 'string-width';
import { shownReference } from '../../oci/reference.ts';
import { formatBytes } from '../../text/bytes.ts';
import { alignColumns, truncateEnd } from './columns.ts';
import { formatSeconds } from '../../text/duration.ts';
import { type Palette, paletteOf } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import {
  bytesWanted,
  percentOf,
  type Progress,
  rateOf,
  secondsLeft,
  type StageProgress,
} from './progress.ts';
import { stageName, stageTally } from './wording.ts';

const MAX_ACTIVE_LINES = 4;
const MAX_BAR = 30;
const MIN_BAR = 8;
/** A longer silence is reported: registries stall, and skopeo does not notice. */
const SILENCE_MS = 8000;

/**
 * A running save as one to six lines, none wider than `width` columns: stage and bar, images, and those in
 * flight. Empty before the first stage.
 */
export function renderProgress(state: Progress, width: number, color: boolean): string {
  const { current } = state;
  if (!current) return '';
  const palette = paletteOf(color);
  const tally = stageTally(current);
  const indent = '  ';
  const room = width - indent.length;
  return [
    headLine(state, current, width, palette),
    ...(tally === '' ? [] : [indent + truncateEnd(tally, room)]),
    ...alignColumns(
      [{ min: 12 }, { min: 8, cut: 'end' }],
      state.active
        .slice(0, MAX_ACTIVE_LINES)
        .map(({ image, message }) => [
          { text: plainText(shownReference(image)) },
          { text: plainText(message), paint: palette.faint },
        ]),
      room,
    ).map((line) => indent + line),
  ].join('\n');
}

interface Piece {
  readonly plain: string;
  readonly painted: string;
}

/** Stage, bar and figures; where the line is too narrow the bar goes first, then the figures from the right. */
function headLine(state: Progress, current: StageProgress, width: number, palette: Palette): string {
  const percent = percentOf(state);
  const name = stageName(current.stage);
  const pieces: Piece[] = [
    { plain: name, painted: palette.strong(name) },
    ...[percent === undefined ? '' : `${percent}%`.padStart(4), ...figures(state, current)]
      .filter((plain) => plain !== '')
      .map((plain) => ({ plain, painted: plain })),
  ];
  while (pieces.length > 1 && lengthOf(pieces) > width) pieces.pop();
  const bar = percent === undefined ? undefined : barOf(percent, width - lengthOf(pieces) - 2, palette);
  const [head, ...rest] = pieces;
  return [
    head === undefined || stringWidth(head.plain) > width ? truncateEnd(name, width) : head.painted,
    ...(bar === undefined ? [] : [bar]),
    ...rest.map(({ painted }) => painted),
  ].join('  ');
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { plain }) => sum + stringWidth(plain) + 2, -2);
}

/** Bytes done and to do, rate, time left. */
export function figures(state: Progress, current: StageProgress): string[] {
  const wanted = bytesWanted(state);
  const silence = state.now - state.movedAt;
  const rate = rateOf(state);
  const left = secondsLeft(state);
  if (wanted === 0 || (wanted === undefined && current.bytes === 0)) return [];
  const amount =
    wanted === undefined
      ? formatBytes(current.bytes)
      : `${formatBytes(current.bytes)} of ${formatBytes(wanted)}`;
  if (wanted !== undefined && current.bytes >= wanted) return [amount];
  if (silence >= SILENCE_MS) return [amount, `no data for ${formatSeconds(Math.floor(silence / 1000))}`];
  return [
    amount,
    ...(rate === undefined ? [] : [`${formatBytes(rate)}/s`]),
    ...(left === undefined ? [] : [`${formatSeconds(Math.ceil(left))} left`]),
  ];
}

function barOf(percent: number, room: number, palette: Palette): string | undefined {
  const inside = Math.min(MAX_BAR, room) - 2;
  if (inside < MIN_BAR) return undefined;
  const full = Math.floor((percent / 100) * inside);
  return `[${palette.accent('='.repeat(full))}${palette.faint('-'.repeat(inside - full))}]`;
}
