import { readdirSync, watch } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Lane, OUTPUT } from './lane.ts';
import type { Moment, Plan } from './plan.ts';
import type { Running } from './process.ts';

/** Files, links and folders of a bundle of the ten images, and requests of its push: roughly, to divide by. */
const [ENTRIES, PUSH_REQUESTS] = [110, 70];

/** Waits for a moment of a run. False where the run ended before. */
export async function reached(
  when: Moment,
  running: Running,
  { lane, plan, folder }: { readonly lane: Lane; readonly plan: Plan; readonly folder: string },
): Promise<boolean> {
  const ended = running.done.then(() => 'ended' as const);
  if (when.at === 'request') {
    const share = plan.push ? when.share * 2 : when.share;
    const all = plan.earlier ? 11 + 3 * plan.renewed.length : lane.requests[plan.copier];
    const asked =
      share <= 1
        ? lane.source.arrivals(1 + Math.floor(share * all))
        : lane.proxy.answered(1 + Math.floor((share - 1) * PUSH_REQUESTS));
    return (await Promise.race([asked, ended])) !== 'ended';
  }
  const [named, place] = [NAMES[when.at], path.join(folder, `.${OUTPUT}.new`)];
  if (!(await appeared(folder, named, running))) return false;
  if (when.at !== 'folder') return true;
  while (!running.over() && entriesIn(place) < when.share * ENTRIES) await setImmediate();
  return !running.over();
}

/** What a run makes beside its output: the bundle that it builds, the archive's files, the bundle that it replaces. */
const NAMES = {
  folder: /^\.out\.new$/,
  archive: /^out\..*\.part$/,
  swap: /^\.out\.old$/,
};

/** Waits for a name in a folder, however soon it goes again. False where the run ended before. */
function appeared(folder: string, named: RegExp, running: Running): Promise<boolean> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      if (named.test(name ?? '')) end(true);
    });
    const end = (found: boolean): void => {
      watcher.close();
      resolve(found);
    };
    void running.done.then(() => end(false));
    if (readdirSync(folder).some((name) => named.test(name))) end(true);
  });
}

function entriesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
