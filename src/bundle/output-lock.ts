import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { isAlive } from '../store/index.ts';

const ownerSchema = z.object({ host: z.string(), pid: z.int() });

/** The right to replace one output: two runs on it at once would each take the other's away. */
export interface OutputLock {
  release(): Promise<void>;
}

/** The path of a file beside an output: `.<name>.<suffix>`. */
export function besideOutput(output: string, suffix: string): string {
  return path.join(path.dirname(output), `.${path.basename(output)}.${suffix}`);
}

/** How long a lock may be without an owner: the time between its making and its writing. */
const [OWNERLESS_LOOKS, OWNERLESS_MILLISECONDS] = [20, 25];

/** Takes the lock of an output. Throws `machine` where another run that lives holds it. */
export async function lockOutput(output: string): Promise<OutputLock> {
  const file = besideOutput(output, 'lock');
  const owner = JSON.stringify({ host: hostname(), pid: process.pid });
  let tookOver = false;
  for (let looks = 1; ; looks += 1) {
    try {
      await writeFile(file, owner, { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (cause) {
      if (systemCodeOf(cause) !== 'EEXIST') throw cannotWrite(output, cause);
      const holder = await readOwner(file);
      if (holder === undefined && looks < OWNERLESS_LOOKS) {
        await setTimeout(OWNERLESS_MILLISECONDS);
      } else if (isAbandoned(holder) && !tookOver) {
        await removeAbandoned(file, holder);
        tookOver = true;
      } else {
        throw new OciSaveError({
          code: 'machine',
          message: `another run writes to ${output}${holder ? ` (process ${holder.pid} on ${holder.host})` : ''}`,
          hint: `Wait for it, or name another output. If no such run lives, remove ${file}.`,
        });
      }
    }
  }
}

type Owner = z.infer<typeof ownerSchema>;

function isAbandoned(holder: Owner | undefined): boolean {
  return holder === undefined || (holder.host === hostname() && !isAlive(holder.pid));
}

/** Removes a lock, unless it became another run's since it was looked at: two may find one abandoned at once. */
async function removeAbandoned(file: string, seen: Owner | undefined): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved?.pid === seen?.pid && moved?.host === seen?.host) await rm(aside, { force: true });
  else await rename(aside, file);
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return ownerSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The error for an output folder whose parent cannot be written. */
export function cannotWrite(output: string, cause: unknown): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `nothing can be written at ${output} (${systemCodeOf(cause) ?? 'unknown'})`,
    hint: 'Name another folder with --output.',
    cause,
  });
}
