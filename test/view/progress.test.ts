import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../src/events.ts';
import {
  advance,
  atTime,
  percentOf,
  type Progress,
  rateOf,
  secondsLeft,
  startProgress,
} from '../../src/view/terminal/progress.ts';
import { renderProgress } from '../../src/view/terminal/render-progress.ts';

const MiB = 1024 * 1024;

function play(...events: readonly (readonly [now: number, event: SaveEvent])[]): Progress {
  return events.reduce((state, [now, event]) => advance(state, event, now), startProgress(0));
}

const copying = (fetch: number, total = 4): [number, SaveEvent][] => [
  [0, { type: 'stage', stage: 'copy', total }],
  [0, { type: 'plan', fetch: { blobs: 9, bytes: fetch }, stored: { blobs: 0, bytes: 0 }, images: total }],
];
const bytes = (now: number, delta: number): [number, SaveEvent] => [
  now,
  { type: 'bytes', stage: 'copy', delta },
];

/** One MiB each 100 ms from `from` on. */
const stream = (from: number, count: number): [number, SaveEvent][] =>
  Array.from({ length: count }, (_, index) => bytes(from + (index + 1) * 100, MiB));

describe('advance', () => {
  it('counts what a stage did', () => {
    const step = (subject: string, outcome: 'fetched' | 'stored' | 'failed'): [number, SaveEvent] => [
      1,
      { type: 'step', stage: 'copy', subject, outcome },
    ];
    const state = play(...copying(MiB), step('a', 'fetched'), step('b', 'stored'), step('c', 'failed'));
    expect(state.current).toMatchObject({ total: 4, done: 2, stored: 1, failed: 1 });
  });

  it('takes bytes back where an attempt was thrown away, and never below nothing', () => {
    expect(play(...copying(9), bytes(1, 5), bytes(2, -3)).current?.bytes).toBe(2);
    expect(play(...copying(9), bytes(1, 5), bytes(2, -9)).current?.bytes).toBe(0);
  });

  it('ignores what belongs to another stage', () => {
    const late: SaveEvent = { type: 'step', stage: 'resolve', subject: 'a', outcome: 'done' };
    const state = play(...copying(9), [1, late], [1, { type: 'bytes', stage: 'archive', delta: 7 }]);
    expect(state.current).toMatchObject({ done: 0, bytes: 0 });
  });

  it('begins anew with each stage, and lets one that is named again say its total', () => {
    const state = play(...copying(9), bytes(5, 3), [7, { type: 'stage', stage: 'copy', total: 8 }]);
    expect(state.current).toMatchObject({ total: 8, bytes: 3, startedAt: 0 });
    expect(advance(state, { type: 'stage', stage: 'bundle' }, 9).current).toMatchObject({
      stage: 'bundle',
      startedAt: 9,
      bytes: 0,
      total: undefined,
    });
  });

  it('knows the images in flight by what is told of them', () => {
    const log = (
      image: string,
      message: string,
      level: 'debug' | 'warning' = 'debug',
    ): [number, SaveEvent] => [1, { type: 'log', level, image, message }];
    const state = play(
      ...copying(9),
      log('a', 'first'),
      log('b', 'only'),
      log('a', 'second'),
      log('c', 'trouble', 'warning'),
    );
    expect(state.active).toEqual([
      { image: 'a', message: 'second' },
      { image: 'b', message: 'only' },
    ]);
    const done = advance(state, { type: 'step', stage: 'copy', subject: 'a', outcome: 'fetched' }, 2);
    expect(done.active.map(({ image }) => image)).toEqual(['b']);
  });

  it('keeps a bounded state, whatever comes', () => {
    const events = Array.from({ length: 20_000 }, (_, index): [number, SaveEvent] =>
      index % 2 === 0
        ? bytes(index, 100)
        : [index, { type: 'log', level: 'debug', image: `i${index}`, message: 'm' }],
    );
    const state = play(...copying(1e9), ...events);
    expect(state.samples.length).toBeLessThan(30);
    expect(state.active.length).toBeLessThanOrEqual(64);
  });

  it('survives a clock that steps back', () => {
    const state = play(...copying(9 * MiB), bytes(4000, MiB), bytes(1000, MiB));
    expect(state.now).toBe(4000);
    expect(rateOf(state)).toBeCloseTo((2 * MiB) / 4);
  });
});

describe('rateOf', () => {
  it('is unknown at first', () => {
    expect(rateOf(play(...copying(9), bytes(100, 5)))).toBeUndefined();
  });

  it('is that of the last seconds, not of the whole', () => {
    const slow = [...copying(1e9), bytes(20_000, 1000)];
    const state = play(...slow, ...stream(20_000, 100));
    expect(rateOf(state)).toBeGreaterThan(9.5 * MiB);
    expect(rateOf(state)).toBeLessThan(10.6 * MiB);
  });

  it('sinks to nothing while nothing arrives', () => {
    const state = play(...copying(1e9), ...stream(0, 50));
    expect(rateOf(atTime(state, 7000))).toBeLessThan(7 * MiB);
    expect(rateOf(atTime(state, 11_000))).toBe(0);
  });
});

describe('percentOf and secondsLeft', () => {
  it('follow the bytes of the plan', () => {
    const state = play(...copying(100 * MiB), ...stream(0, 50));
    expect(percentOf(state)).toBe(50);
    expect(secondsLeft(state)).toBeCloseTo(5, 0);
  });

  it('follow the images where there is nothing to fetch or nothing known', () => {
    const step = (stage: 'copy' | 'resolve'): [number, SaveEvent] => [
      1,
      { type: 'step', stage, subject: 'a', outcome: 'stored' },
    ];
    expect(percentOf(play(...copying(0), step('copy')))).toBe(25);
    expect(percentOf(play([0, { type: 'stage', stage: 'resolve', total: 2 }], step('resolve')))).toBe(50);
    expect(percentOf(play([0, { type: 'stage', stage: 'bundle' }]))).toBeUndefined();
    expect(secondsLeft(play(...copying(0)))).toBeUndefined();
  });

  it('reach a hundred only at the end', () => {
    expect(percentOf(play(...copying(1000), bytes(1, 999)))).toBe(99);
    expect(percentOf(play(...copying(1000), bytes(1, 2000)))).toBe(100);
  });
});

describe('renderProgress', () => {
  const inFlight = (image: string, message: string): [number, SaveEvent] => [
    5000,
    { type: 'log', level: 'debug', image, message },
  ];
  const busy = play(
    ...copying(100 * MiB),
    ...stream(0, 50),
    [5000, { type: 'step', stage: 'copy', subject: 'x:1', outcome: 'stored' }],
    [5000, { type: 'step', stage: 'copy', subject: 'y:1', outcome: 'failed' }],
    inFlight('docker.io/library/nginx:1.27', 'layer 2 of 5'),
    inFlight('quay.io/a/b:1', 'manifest'),
  );

  it('shows stage, bytes, rate, time left, images and those in flight', () => {
    expect(renderProgress(busy, 100, false).split('\n')).toEqual([
      'Copying  [==============--------------]   50%  50.0 MiB of 100 MiB  10.0 MiB/s  5 s left',
      '  1 of 4 images, 1 already here, 1 failed',
      '  docker.io/library/nginx:1.27  layer 2 of 5',
      '  quay.io/a/b:1                 manifest',
    ]);
  });

  it('gives up the bar, then figures, on a narrow terminal', () => {
    expect(renderProgress(busy, 64, false).split('\n')[0]).toBe(
      'Copying   50%  50.0 MiB of 100 MiB  10.0 MiB/s  5 s left',
    );
    expect(renderProgress(busy, 40, false).split('\n')[0]).toBe('Copying   50%  50.0 MiB of 100 MiB');
  });

  it('counts images while it resolves', () => {
    const state = play(
      [0, { type: 'stage', stage: 'resolve', total: 100 }],
      [1, { type: 'step', stage: 'resolve', subject: 'a', outcome: 'done' }],
    );
    expect(renderProgress(state, 60, false).split('\n')).toEqual([
      'Resolving  [----------------------------]    1%',
      '  1 of 100 images',
    ]);
  });

  it('says when nothing arrives', () => {
    const silent = renderProgress(atTime(busy, 25_000), 100, false);
    expect(silent).toContain('50.0 MiB of 100 MiB  no data for 20 s');
    expect(silent).not.toContain('left');
  });

  it('is nothing before the first stage', () => {
    expect(renderProgress(startProgress(0), 80, false)).toBe('');
  });

  it('never has more than six lines, none wider than the terminal, and no foreign control character', () => {
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constant('a\n\u001b[2J::error::'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, name), { maxLength: 10 }),
        fc.integer({ min: 24, max: 160 }),
        fc.integer({ min: 0, max: 1e12 }),
        (images, width, done) => {
          const logs = images.map(([image, message]) => inFlight(image, message));
          const frame = renderProgress(play(...copying(1e12), bytes(4000, done), ...logs), width, false);
          const lines = frame.split('\n');
          expect(lines.length).toBeLessThanOrEqual(6);
          for (const line of lines) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}]|^\s*::/u);
          }
        },
      ),
    );
  });

  it('colours without moving anything', () => {
    const coloured = renderProgress(busy, 100, true);
    expect(coloured).toContain('\u001b[36m');
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderProgress(busy, 100, false));
  });
});
