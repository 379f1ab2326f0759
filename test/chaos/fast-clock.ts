import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

/**
 * Loaded before the command (`--import`): for it, time passes twenty times as fast. What it waits a minute for, it waits
 * three seconds for. Short waits stay, since what they wait for is a disk or another process.
 */
const SPEED = 20;
const SHORT_MILLISECONDS = 500;

const scaled = (milliseconds: number | undefined): number | undefined =>
  milliseconds !== undefined && milliseconds >= SHORT_MILLISECONDS ? milliseconds / SPEED : milliseconds;

const start = performance.now();
const now = performance.now.bind(performance);
performance.now = () => start + (now() - start) * SPEED;

const later = globalThis.setTimeout;
const pause = promises.setTimeout;
const fast = Object.assign(
  (act: (...args: unknown[]) => void, milliseconds?: number, ...args: unknown[]) =>
    later(act, scaled(milliseconds), ...args),
  later,
);
Object.assign(globalThis, { setTimeout: fast });
Object.assign(timers, { setTimeout: fast });
Object.assign(promises, {
  setTimeout: (milliseconds?: number, ...rest: never[]) => pause(scaled(milliseconds), ...rest),
});
syncBuiltinESMExports();
