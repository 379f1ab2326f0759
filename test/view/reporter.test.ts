import { afterEach, describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../src/events.ts';
import { createReporter, type Reporter } from '../../src/view/index.ts';
import type { LogEvent, StepEvent } from '../../src/view/terminal/wording.ts';
import { screenOf, Sink } from './screen.ts';

const MiB = 1024 * 1024;
const NGINX = 'docker.io/library/nginx:1.27';
const NOPE = 'docker.io/library/nope:1';

interface Stage {
  readonly sink: Sink;
  readonly reporter: Reporter;
  /** Emits at a time in milliseconds. */
  readonly at: (now: number, ...events: readonly SaveEvent[]) => void;
}

const opened: Reporter[] = [];
afterEach(() => {
  for (const reporter of opened.splice(0)) reporter.stop();
});

function open(
  columns: number | undefined,
  flags: { quiet?: boolean; verbose?: boolean; live?: boolean } = {},
): Stage {
  const sink = new Sink(columns);
  let time = 0;
  const reporter = createReporter({ stream: sink, now: () => time, ...flags });
  opened.push(reporter);
  const at = (now: number, ...events: readonly SaveEvent[]): void => {
    time = now;
    for (const event of events) reporter.emit(event);
  };
  return { sink, reporter, at };
}

const step = (stage: 'resolve' | 'copy', subject: string, outcome: StepEvent['outcome']): StepEvent => ({
  type: 'step',
  stage,
  subject,
  outcome,
});
const log = (level: LogEvent['level'], message: string, image?: string): LogEvent => ({
  type: 'log',
  level,
  message,
  image,
});
const bytes = (delta: number): SaveEvent => ({ type: 'bytes', stage: 'copy', delta });

/** A whole run of three images: one is copied in parts, one was here, one is not to be had. */
function playRun({ at, reporter }: Stage): void {
  at(0, { type: 'stage', stage: 'list', total: 1 });
  at(100, { type: 'step', stage: 'list', subject: 'images.txt', outcome: 'done' });
  at(100, { type: 'stage', stage: 'resolve', total: 3 }, log('warning', `${NGINX} is old`, NGINX));
  at(
    900,
    log('debug', 'HEAD 200', NGINX),
    step('resolve', NGINX, 'done'),
    step('resolve', 'a.io/b:1', 'done'),
  );
  at(1000, log('error', 'not-found: manifest unknown', NOPE), step('resolve', NOPE, 'failed'));
  at(1400, {
    type: 'plan',
    fetch: { blobs: 3, bytes: 100 * MiB },
    stored: { blobs: 2, bytes: 9 * MiB },
    images: 2,
  });
  at(1500, { type: 'stage', stage: 'copy', total: 2 });
  at(1500, step('copy', 'a.io/b:1', 'stored'), log('info', 'skopeo brings 3 layers', NGINX));
  for (let now = 1600; now <= 11_500; now += 100) at(now, bytes(MiB));
  at(11_500, {
    ...step('copy', NGINX, 'partly stored'),
    fetched: { blobs: 3, bytes: 100 * MiB },
    stored: { blobs: 1, bytes: 4 * MiB },
  });
  at(11_600, { type: 'stage', stage: 'bundle' });
  at(12_000, { type: 'stage', stage: 'archive' });
  at(12_500);
  reporter.stop();
}

const GOLDEN_LOG = [
  'Reading 1 list',
  'Read 1 list in 0.1 s',
  'Resolving 3 images',
  `warning: ${NGINX}: it is old`,
  `error: ${NOPE}: not-found: manifest unknown`,
  'Resolved 2 of 3 images in 1.4 s, 1 failed',
  'To fetch: 3 blobs, 100 MiB; already here: 2 blobs, 9.0 MiB',
  'Copying 2 images',
  'stored a.io/b:1  already here',
  'Copying: 50%, 50.0 MiB of 100 MiB, 10.0 MiB/s, 5 s left, 1 of 2 images, 1 already here',
  'Copying: 100%, 100 MiB of 100 MiB, 1 of 2 images, 1 already here',
  `copied ${NGINX}  3 blobs, 100 MiB; 1 blob, 4.0 MiB already here`,
  '  skopeo brings 3 layers',
  'Copied 2 images in 10 s, 100 MiB, 1 already here',
  'Building the bundle',
  'Built the bundle in 0.4 s',
  'Writing the archive',
];

describe('calm lines', () => {
  it('tell a run', () => {
    const stage = open(undefined);
    playRun(stage);
    expect(stage.sink.takeLines()).toEqual(GOLDEN_LOG);
  });

  it('are only warnings and errors when quiet', () => {
    const stage = open(80, { quiet: true });
    playRun(stage);
    expect(stage.sink.takeLines()).toEqual([
      `warning: ${NGINX}: it is old`,
      `error: ${NOPE}: not-found: manifest unknown`,
    ]);
  });

  it.each([undefined, 80])(
    'found K10: tell a cause once, however many images fail for it (%s columns)',
    (columns) => {
      const stage = open(columns);
      stage.at(0, { type: 'stage', stage: 'resolve', total: 3 });
      for (const [at, name] of ['a', 'b', 'c'].entries()) {
        const ref = `quay.io/acme/${name}:${at}`;
        const origins = [{ file: 'images.txt', line: at + 1 }];
        const error = log('error', `quay.io answered ${at < 2 ? 401 : 500}`, ref);
        stage.at(at, { ...error, origins }, { ...step('resolve', ref, 'failed'), origins });
      }
      stage.reporter.stop();
      const lines = screenOf(stage.sink.text);
      expect(lines.filter((line) => /^(error|failed)/.test(line))).toEqual([
        'error: images.txt:1: quay.io/acme/a:0: quay.io answered 401',
        'failed images.txt:2: quay.io/acme/b:1',
        'error: images.txt:3: quay.io/acme/c:2: quay.io answered 500',
      ]);
    },
  );

  it.each([undefined, 80])(
    'found I: tell a warning of several images once, and of the others where the stage ends (%s columns)',
    (columns) => {
      const stage = open(columns);
      stage.at(0, { type: 'stage', stage: 'copy', total: 6 });
      const warn = (line: number, words: string): void => {
        const ref = `quay.io/acme/app${line}:1`;
        const digest = `sha256:${line}`.padEnd(71, 'a');
        const event = log('warning', `quay.io/acme/app${line}@${digest}: ${words}`, ref);
        stage.at(line, { ...event, origins: [{ file: 'l.txt', line }] });
      };
      // Copies run at once: the lines come in any order.
      for (const line of [1, 5, 3, 2, 6, 4]) warn(line, 'skopeo failed (exit 1): EOF');
      warn(1, 'skopeo failed (exit 1): EOF');
      warn(6, 'it is slow');
      stage.at(7, { type: 'stage', stage: 'bundle' });
      const lines = screenOf(stage.sink.text).filter((line) => line.startsWith('warning'));
      expect(lines).toEqual([
        'warning: l.txt:1: quay.io/acme/app1:1: skopeo failed (exit 1): EOF',
        'warning: l.txt:1: quay.io/acme/app1:1: skopeo failed (exit 1): EOF',
        'warning: l.txt:6: quay.io/acme/app6:1: it is slow',
        'warning: l.txt:2: quay.io/acme/app2:1, l.txt:3: quay.io/acme/app3:1, l.txt:4: quay.io/acme/app4:1 and 2 more: skopeo failed (exit 1): EOF',
      ]);
    },
  );

  it('found I: tell every warning when verbose', () => {
    const { sink, at } = open(undefined, { verbose: true });
    for (const name of ['a', 'b']) at(0, log('warning', 'it is slow', `quay.io/acme/${name}:1`));
    expect(sink.takeLines()).toEqual(['a', 'b'].map((name) => `warning: quay.io/acme/${name}:1: it is slow`));
  });

  it('found K10: tell each damaged blob, which has no other line', () => {
    const { sink, at } = open(undefined);
    const [one, two] = ['a', 'b'].map((hex) => `sha256:${hex.repeat(64)}`);
    at(0, log('error', `${one} is damaged`, one), log('error', `${two} is damaged`, two));
    expect(sink.takeLines()).toEqual([`error: ${one}: it is damaged`, `error: ${two}: it is damaged`]);
  });

  it('found I: count what is to be fetched as the total does: what came to resolve the images is in it', () => {
    const { sink, at, reporter } = open(undefined);
    at(0, {
      type: 'plan',
      fetch: { blobs: 3, bytes: 100 * MiB },
      stored: { blobs: 2, bytes: 9 * MiB },
      restored: { blobs: 4, bytes: 5 * MiB },
      fetched: { blobs: 1, bytes: MiB },
      images: 2,
    });
    reporter.stop();
    expect(sink.takeLines()).toEqual([
      'To fetch: 4 blobs, 101 MiB; from the cache: 4 blobs, 5.0 MiB; already here: 2 blobs, 9.0 MiB',
    ]);
  });

  it('found I: show a pinned image as name:tag', () => {
    const { sink, at } = open(undefined);
    const pinned = `${NGINX}@sha256:${'a'.repeat(64)}`;
    at(0, { type: 'stage', stage: 'copy', total: 1 }, step('copy', pinned, 'stored'));
    at(1, log('warning', 'it is old', pinned));
    expect(sink.takeLines().slice(1)).toEqual([
      `stored ${NGINX}  already here`,
      `warning: ${NGINX}: it is old`,
    ]);
  });

  it('show debug lines below their image when verbose', () => {
    const stage = open(undefined, { verbose: true });
    playRun(stage);
    const lines = stage.sink.takeLines();
    const at = lines.indexOf(`done ${NGINX}`);
    expect(lines.slice(at, at + 3)).toEqual([`done ${NGINX}`, '  HEAD 200', 'done a.io/b:1']);
  });

  it('come at once for trouble, and for nothing else of an image before it is done', () => {
    const { sink, at } = open(undefined);
    at(0, { type: 'stage', stage: 'copy', total: 2 });
    sink.takeLines();
    at(1, log('info', 'retrying', NGINX));
    expect(sink.takeLines()).toEqual([]);
    at(2, log('warning', 'slow', NGINX));
    expect(sink.takeLines()).toEqual([`warning: ${NGINX}: slow`]);
    at(3, log('info', 'not of one image'));
    expect(sink.takeLines()).toEqual(['not of one image']);
    at(4, step('copy', NGINX, 'fetched'));
    expect(sink.takeLines()).toEqual([`copied ${NGINX}`, '  retrying']);
  });

  it('name a failed image once, with or without words', () => {
    const { sink, at } = open(undefined);
    at(0, { type: 'stage', stage: 'copy', total: 2 });
    sink.takeLines();
    at(1, step('copy', 'a:1', 'failed'), log('error', 'b:1 is gone', 'b:1'), step('copy', 'b:1', 'failed'));
    expect(sink.takeLines()).toEqual(['failed a:1', 'error: b:1: it is gone']);
  });

  it('say how far it is at most every five seconds, and only while something moves', () => {
    const { sink, at } = open(undefined);
    at(0, { type: 'stage', stage: 'resolve', total: 1000 });
    sink.takeLines();
    for (let index = 0; index < 500; index += 1) at(index * 30, step('resolve', `i${index}`, 'done'));
    expect(sink.takeLines()).toEqual([
      'Resolving: 16%, 168 of 1000 images',
      'Resolving: 33%, 335 of 1000 images',
    ]);
  });

  it('lose no line of an image where a run is broken off, and claim no end', () => {
    const { sink, at, reporter } = open(undefined);
    at(0, { type: 'stage', stage: 'copy', total: 2 }, log('info', 'trying the second time', NGINX));
    sink.takeLines();
    reporter.stop();
    reporter.stop();
    expect(sink.takeLines()).toEqual([`${NGINX}:`, '  trying the second time']);
  });

  it('close the last stage where it did all', () => {
    const { sink, at, reporter } = open(undefined);
    at(0, { type: 'stage', stage: 'copy', total: 1 }, step('copy', NGINX, 'fetched'));
    sink.takeLines();
    at(2000);
    reporter.stop();
    reporter.stop();
    expect(sink.takeLines()).toEqual(['Copied 1 image in 2 s']);
  });

  it('obey no command that a name or a message holds', () => {
    const { sink, at } = open(undefined, { verbose: true });
    const evil = '::error::x\n::add-mask::y\u001b[2J##[group]z';
    at(0, { type: 'stage', stage: 'copy', total: 1 });
    for (const level of ['debug', 'info', 'warning', 'error'] as const)
      at(1, log(level, evil), log(level, evil, evil));
    at(2, step('copy', evil, 'fetched'), step('copy', evil, 'failed'));
    const lines = sink.takeLines();
    expect(lines.length).toBeGreaterThan(12);
    for (const line of lines) expect(line).not.toMatch(/^\s*::|[\u0000-\u001f]|##\[/);
  });
});

describe.each([undefined, 80])('a stage that comes after the end, on a screen of %s columns', (columns) => {
  it('does not end the last one again', () => {
    const { sink, at, reporter } = open(columns);
    at(0, { type: 'stage', stage: 'copy', total: 1 }, step('copy', NGINX, 'fetched'));
    reporter.stop();
    at(9000, { type: 'stage', stage: 'cache' });
    expect(screenOf(sink.text).filter((line) => line.startsWith('Copied'))).toEqual([
      expect.stringMatching(/^Copied 1 image/),
    ]);
  });
});

describe('the live view', () => {
  it('is drawn over itself, below the lines that stay', () => {
    const { sink, at } = open(80);
    at(0, { type: 'stage', stage: 'list' });
    at(200, { type: 'stage', stage: 'resolve', total: 4 });
    at(400, step('resolve', 'a:1', 'done'), log('debug', 'HEAD', 'b:1'));
    at(600, log('warning', 'b:1 is old', 'b:1'));
    expect(screenOf(sink.text)).toEqual([
      'Read the lists in 0.2 s',
      'warning: b:1: it is old',
      'Resolving  [=======---------------------]   25%',
      '  1 of 4 images',
      '  b:1  HEAD',
    ]);
  });

  it('leaves stages and trouble behind when it stops', () => {
    const stage = open(80);
    playRun(stage);
    expect(screenOf(stage.sink.text)).toEqual([
      'Read 1 list in 0.1 s',
      `warning: ${NGINX}: it is old`,
      `error: ${NOPE}: not-found: manifest unknown`,
      'Resolved 2 of 3 images in 1.4 s, 1 failed',
      'Copied 2 images in 10 s, 100 MiB, 1 already here',
      'Built the bundle in 0.4 s',
    ]);
  });

  it('keeps finished images and debug lines when verbose', () => {
    const stage = open(100, { verbose: true });
    playRun(stage);
    const screen = screenOf(stage.sink.text);
    expect(screen).toContain(`copied ${NGINX}  3 blobs, 100 MiB; 1 blob, 4.0 MiB already here`);
    expect(screen).toContain(`${NGINX}: HEAD 200`);
  });

  it('draws at most ten times a second, however fast events come', () => {
    const { sink, at } = open(80);
    at(0, { type: 'stage', stage: 'copy', total: 1 });
    at(0, { type: 'plan', fetch: { blobs: 1, bytes: 1e9 }, stored: { blobs: 0, bytes: 0 }, images: 1 });
    const before = sink.writes;
    for (let now = 0; now < 1000; now += 1) at(now, bytes(1e6));
    expect(sink.writes - before).toBeLessThanOrEqual(10);
    expect(sink.writes - before).toBeGreaterThan(5);
  });

  it('prints what comes after it has stopped, without a view', () => {
    const { sink, at, reporter } = open(80);
    at(0, { type: 'stage', stage: 'bundle' });
    reporter.stop();
    at(1000, log('warning', 'late'), bytes(5));
    expect(screenOf(sink.text)).toEqual(['warning: late']);
  });

  it('gives way to calm lines where there is no terminal or it is not wanted', () => {
    const stage = open(80, { live: false });
    playRun(stage);
    expect(stage.sink.takeLines()).toEqual(GOLDEN_LOG);
  });
});
