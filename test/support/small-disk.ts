import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../../src/errors.ts';
import { closable, type Closable } from './closable.ts';
import { outputOf } from './program.ts';
import { tempFolder } from './temp.ts';
import { toolPath } from './tools.ts';

export interface SmallDisk extends Closable {
  /** A folder on a file system of its own. */
  readonly path: string;
  /** Another program's file takes all that is left, but for so many bytes. */
  fill(leave?: number): Promise<void>;
  /** That file is gone again. */
  empty(): Promise<void>;
  readOnly(): Promise<void>;
}

/** Mounts a file system of so many bytes. Throws where this user may mount none: such a test cannot be passed over. */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  if (process.getuid?.() !== 0) throw new Error('only root may mount a small disk: run these tests as root');
  const temp = await tempFolder('disk');
  await outputOf(toolPath('mount'), ['-t', 'tmpfs', '-o', `size=${bytes}`, 'small-disk', temp.path]);
  const folder = path.join(temp.path, 'd');
  await mkdir(folder);
  const filler = path.join(temp.path, 'filler');
  return closable<Omit<SmallDisk, keyof Closable>>(
    {
      path: folder,
      async fill(leave = 0) {
        const handle = await open(filler, 'a');
        try {
          for (;;) await handle.appendFile(Buffer.alloc(64 * 1024));
        } catch (error) {
          if (systemCodeOf(error) !== 'ENOSPC') throw error;
          const { size } = await handle.stat();
          await handle.truncate(Math.max(0, size - leave));
        } finally {
          await handle.close();
        }
      },
      empty: () => rm(filler, { force: true }),
      readOnly: async (): Promise<void> =>
        void (await outputOf(toolPath('mount'), ['-o', 'remount,ro', temp.path])),
    },
    async () => {
      await outputOf(toolPath('umount'), [temp.path]);
      await temp.close();
      await rm(temp.path, { recursive: true, force: true });
    },
  );
}
