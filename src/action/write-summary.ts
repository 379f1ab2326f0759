import { appendFile } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';

/**
 * Adds Markdown to the step's summary. Returns why it could not be written: a summary is a convenience, and some
 * runners have none. @actions/core would throw.
 */
export async function writeSummary(file: string | undefined, markdown: string): Promise<string | undefined> {
  if (file === undefined || file === '') return undefined;
  try {
    await appendFile(file, markdown);
    return undefined;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
