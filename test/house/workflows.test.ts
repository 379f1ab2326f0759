import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const WORKFLOWS = '.github/workflows';
const names = (await readdir(WORKFLOWS)).toSorted();

describe('the workflows and action.yml', () => {
  it('are fit for the Marketplace: one line of less than 125 characters, an icon and a colour', async () => {
    const { name, description, branding } = z
      .looseObject({
        name: z.string().max(80),
        description: z.string().max(124),
        branding: z.strictObject({ icon: z.enum(['archive', 'package']), color: z.enum(['blue', 'green']) }),
      })
      .parse(parse(await readFile('action.yml', 'utf8')));
    expect(name + description).not.toMatch(/[\n<]|github/i);
    expect(branding).toBeDefined();
  });

  it('are the five that the project has', () => {
    expect(names).toEqual(['audit.yml', 'ci.yml', 'e2e.yml', 'nightly.yml', 'release.yml']);
  });

  it('pin an action to one commit wherever it is used, and the linters to those of the tests', async () => {
    const texts = await Promise.all(names.map((name) => readFile(path.join(WORKFLOWS, name), 'utf8')));
    const uses = texts.flatMap((text) =>
      [...text.matchAll(/uses: ([\w-]+\/[\w-]+)(@.*)$/gm)].map(([, action = '', pin = '']) => ({
        action,
        pin,
      })),
    );
    for (const group of Map.groupBy(uses, ({ action }) => action).values()) {
      const [first, ...others] = new Set(group.map(({ action, pin }) => action + pin));
      expect(first).toMatch(/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      expect(others).toEqual([]);
    }
    const tools = await readFile('scripts/test-tools.ts', 'utf8');
    const pinned = texts.flatMap((text) => text.match(/zizmor==[\d.]+|[\w./-]+\/actionlint@v[\d.]+/g) ?? []);
    expect(pinned.length).toBeGreaterThan(2);
    for (const pin of pinned) expect(tools).toContain(pin);
  });
});
