import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes shell scripts by name into a folder, which can stand on a PATH. Returns the folder. */
export async function writePrograms(
  folder: string,
  scripts: Readonly<Record<string, string>>,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    const file = path.join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
  return folder;
}

/** The script of a program that tells a version as skopeo does. */
export function skopeoStub(version: string): string {
  return `echo "skopeo version ${version}"`;
}
