import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { scriptsModule } from '../../scripts/kit-scripts.ts';

it('the scripts that are shipped are those in src/bundle/kit/scripts (node scripts/kit-scripts.ts)', async () => {
  const module = path.join(import.meta.dirname, '../../src/bundle/kit/scripts.ts');
  expect(await readFile(module, 'utf8')).toBe(await scriptsModule());
});
