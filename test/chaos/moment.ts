import { existsSync, readdirSync, watch } from 'node:fs';
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
        : lane.proxy.answered(Math.floor((share - 1) * PUSH_REQUESTS));
    return (await Promise.race([asked, ended])) !== 'ended';
  }
  const place = path.join(folder, when.at === 'swap' ? `.${OUTPUT}.old` : `.${OUTPUT}.new`);
  const there =
    when.at === 'archive'
      ? () => readdirSync(folder).some((name) => name.startsWith(`${OUTPUT}.`) && name.endsWith('.part'))
      : () => existsSync(place);
  if (!(await appeared(folder, there, running))) return false;
  if (when.at !== 'folder') return true;
  while (!running.over() && entriesIn(place) < when.share * ENTRIES) await setImmediate();
  return !running.over();
}

/** Waits for something in a folder. False where the run ended before. */
function appeared(folder: string, there: () => boolean, running: Running): Promise<boolean> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => look());
    const end = (found: boolean): void => {
      watcher.close();
      resolve(found);
    };
    const look = (): void => {
      if (there()) end(true);
    };
    void running.done.then(() => end(false));
    look();
  });
}

function entriesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
