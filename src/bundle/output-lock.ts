import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
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

/** Takes the lock of an output. Throws `machine` where another run that lives holds it. */
export async function lockOutput(output: string): Promise<OutputLock> {
  const file = besideOutput(output, 'lock');
  const owner = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(file, owner, { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (cause) {
      if (systemCodeOf(cause) !== 'EEXIST') throw cannotWrite(output, cause);
      const holder = await readOwner(file);
      const abandoned = holder === undefined || (holder.host === hostname() && !isAlive(holder.pid));
      if (abandoned && attempt === 0) {
        await rm(file, { force: true });
        continue;
      }
      throw new OciSaveError({
        code: 'machine',
        message: `another run writes to ${output}${holder ? ` (process ${holder.pid} on ${holder.host})` : ''}`,
        hint: `Wait for it, or name another output. If no such run lives, remove ${file}.`,
        cause,
      });
    }
  }
}

async function readOwner(file: string): Promise<z.infer<typeof ownerSchema> | undefined> {
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
