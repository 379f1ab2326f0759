import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const TOP = ['src', 'test', 'docs', 'dist'];

describe('docs/architecture.md', () => {
  it('names only files and folders that exist', async () => {
    const entries = await Promise.all(
      ['src', 'test'].map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
    );
    const paths = entries.flat().map((entry) => `/${path.join(entry.parentPath, entry.name)}`);
    const text = await readFile('docs/architecture.md', 'utf8');
    // `src/list/index.ts`, `list/index.ts`, `index.ts`, `list/`; what the reader fills in, as <format>.ts, is left out.
    const named = [...text.matchAll(/`((?:[\w-]+\/)*(?:[\w-]+\/|[\w-]+(?:\.\w+)*\.ts))`/g)]
      .map(([, name = '']) => name.replace(/\/$/, ''))
      .filter((name) => !TOP.includes(name));
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((name) => !paths.some((one) => one.endsWith(`/${name}`)))).toEqual([]);
  });
});
