import pLimit from 'p-limit';
import { z } from 'zod';
import { OciSaveError, systemCodeOf } from '../errors.ts';

/** Small files that are read at once: macOS gives a process 256 files and connections, and some containers fewer. */
const READ_AT_ONCE = 24;

/** Reads small files in turn. A read that waits for another one must not be put into it. */
export const inTurn = pLimit(READ_AT_ONCE);

/**
 * Opens a file.
 * @throws OciSaveError `machine` where this process, or the machine, has too many files open; else the system's error
 */
export async function opening<T>(open: Promise<T>): Promise<T> {
  try {
    return await open;
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code !== 'EMFILE' && code !== 'ENFILE') throw cause;
    const who = code === 'EMFILE' ? 'this process' : 'this machine';
    const limit = (code === 'EMFILE' && openFilesAllowed()) || 'no more';
    throw new OciSaveError({
      code: 'machine',
      message: `too many files are open: ${who} may have ${limit}`,
      hint: 'Allow more before the command, as ulimit -n 1024 does. What was fetched stays.',
      cause,
    });
  }
}

const reportSchema = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.union([z.int(), z.string()]) }) }),
});

/** The limit of this process. Node's report asks the system for it, which needs no descriptor. */
function openFilesAllowed(): string | undefined {
  // It would look up the names of all peers. @types/node does not know it yet.
  Reflect.set(process.report, 'excludeNetwork', true);
  const { data } = reportSchema.safeParse(process.report.getReport());
  return data && String(data.userLimits.open_files.soft);
}
