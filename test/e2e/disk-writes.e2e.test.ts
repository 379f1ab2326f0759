import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Saved, saveBundles } from '../commands/bundles.ts';
import { CLI } from '../support/oci-save.ts';
import { outputOf, runProgram } from '../support/program.ts';
import { toolPath } from '../support/tools.ts';

let saved: Saved;
beforeAll(async () => {
  saved = await saveBundles(['app', 'parts']);
});
afterAll(() => saved.close());

/** Notes the files that a program flushes to the disk, and what it renames, in their order. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void note(const char *what, const char *place) {
  char line[8300];
  int size = snprintf(line, sizeof line, "%s %s\\n", what, place);
  int log = open(getenv("FLUSH_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (write(log, line, size) != size) abort();
  close(log);
}
int fsync(int fd) {
  char name[64], place[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(name, place, sizeof place - 1);
  place[size < 0 ? 0 : size] = 0;
  note("flush", place);
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int rename(const char *from, const char *to) {
  note("rename", to);
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
`;

async function noteFlushes(): Promise<string> {
  const [source, library] = [saved.at('flushes.c'), saved.at('flushes.so')];
  await writeFile(source, SOURCE);
  await outputOf(toolPath('cc'), ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  return library;
}

describe('R10: a bundle that was unpacked', () => {
  it('is on the disk before it has its name: each file and each folder, and then the name', async () => {
    const [output, log] = [saved.at('stick/app'), saved.at('flushes.log')];
    const env = { LD_PRELOAD: await noteFlushes(), FLUSH_LOG: log };
    await outputOf(process.execPath, [CLI, 'unpack', saved.at('app.tar'), '-o', output], { env });
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    const named = lines.indexOf(`rename ${output}`);
    const flushed = new Set(
      lines.slice(0, named).map((line) => line.replace(/^flush .*\/\.app\.[^/]*/, 'app')),
    );
    // Further names of a file are in folders that are flushed.
    const inodes = new Map<string, string[]>();
    for (const line of (await outputOf('find', [output, '-printf', '%i app/%P\n'])).trim().split('\n')) {
      const [inode = '', name = ''] = line.split(' ');
      inodes.set(inode, [...(inodes.get(inode) ?? []), name.replace(/\/$/, '')]);
    }
    const unflushed = [...inodes.values()].filter((names) => !names.some((name) => flushed.has(name)));
    expect(unflushed).toEqual([]);
    expect(named).toBeGreaterThan(50);
    expect(lines[named + 1]).toBe(`flush ${path.dirname(output)}`);
  });
});

describe('V15: verify of an archive, of parts and of a stream', () => {
  it.each(['app.tar', 'parts.tar.001', '-'])('writes no byte to any file: %s', async (name) => {
    // A write to a file ends a process that may write none.
    const script = 'ulimit -f 0; trap "" XFSZ; exec "$@" 2>&1 | cat';
    const content = name === '-' ? name : saved.at(name);
    const input = name === '-' ? await readFile(saved.at('app.tar')) : '';
    const args = ['-c', script, 'sh', process.execPath, CLI, 'verify', content];
    const env = { NODE_COMPILE_CACHE: '', NODE_DISABLE_COMPILE_CACHE: '1' };
    const { stdout } = await runProgram('sh', args, { input, env });
    expect(stdout).toMatch(/4 images, \d+ files, .*; all is whole\n$/);
  });
});
