import { readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { runProgram } from '../../support/program.ts';
import { judgeBundle, type Names, sums, Violation } from './bundle.ts';

/** Where sums stand beside an archive, they agree with all that they name. */
export async function judgeSums(folder: string, name: string): Promise<boolean> {
  const there = readdirSync(folder).includes(`${name}.sha256`);
  if (there) await sums(folder, `${name}.sha256`);
  return there;
}

/** What an archive holds, as `tar` unpacks it: the parts in a row, where there are several. */
export async function judgeArchive(folder: string, name: string): Promise<Names> {
  if (!(await judgeSums(folder, name))) throw new Violation('half', `${name} has no sums`);
  const files = readdirSync(folder)
    .filter((file) => file === `${name}.tar` || /\.tar\.\d+$/.test(file))
    .toSorted();
  if (files.length === 0) throw new Violation('half', `there is no ${name}.tar`);
  const unpacked = path.join(folder, 'unpacked');
  await mkdir(unpacked);
  try {
    const script = 'cat -- "$@" | tar -x -C unpacked';
    const { exitCode, stderr } = await runProgram('sh', ['-c', script, 'sh', ...files], { cwd: folder });
    if (exitCode !== 0) throw new Violation('half', `${name}: ${stderr}`);
    return await judgeBundle(unpacked);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}
