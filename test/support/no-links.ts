import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { outputOf } from './program.ts';
import { toolPath } from './tools.ts';

const SOURCE = `
#include <errno.h>
int link(const char *a, const char *b) { (void)a; (void)b; errno = EPERM; return -1; }
int linkat(int a, const char *b, int c, const char *d, int e) { (void)a; (void)b; (void)c; (void)d; (void)e; errno = EPERM; return -1; }
`;

/**
 * Builds a library that lets every hard link fail as on FAT, for programs that are started with LD_PRELOAD: kernels that
 * run tests often have no file system without links that could be mounted.
 */
export async function noLinks(folder: string): Promise<string> {
  const [source, library] = [path.join(folder, 'no-links.c'), path.join(folder, 'no-links.so')];
  await writeFile(source, SOURCE);
  await outputOf(toolPath('cc'), ['-shared', '-fPIC', '-o', library, source]);
  return library;
}
