import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Saved, saveBundles } from '../commands/bundles.ts';
import { call } from '../support/http.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { CLI } from '../support/oci-save.ts';
import { findTool } from '../support/tools.ts';

let saved: Saved;
beforeAll(async () => {
  saved = await saveBundles(['app']);
});
afterAll(() => saved.close());

const reportSchema = z.object({
  server: z.string(),
  url: z.string(),
  images: z.array(z.object({ name: z.string(), digest: z.string(), kind: z.string().optional() })),
});

/** Whether a program runs whose arguments name a folder. */
async function runsIn(folder: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.includes(`${folder}/`) && line.includes('zot.json'));
}

describe('oci-save serve', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'tells machines what it serves, and ends with zot at %s',
    async (signal) => {
      const zot = findTool('zot');
      if (zot === undefined) noteNotOnZot();
      const temporary = saved.at(`tmp-${signal}`);
      await mkdir(temporary);
      const env = { TMPDIR: temporary, ...(zot === undefined ? {} : { ZOT_BIN: zot }) };
      const args = [CLI, 'serve', saved.at('app'), '--listen', '127.0.0.1:0', '--json'];
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const said = text(child.stderr);
      const exited = once(child, 'exit');
      let printed = '';
      for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
        printed += String(chunk);
        if (printed.endsWith('}\n')) break;
      }
      const { server, url, images } = reportSchema.parse(JSON.parse(printed));
      expect(server).toBe(zot === undefined ? 'built-in' : 'zot');
      expect(images.map(({ kind }) => kind)).toEqual(['image', 'image', 'image', 'image']);
      for (const { name, digest } of images) {
        const { headers } = await call(`${url}/v2/${name.replace(/:([^:]*)$/, '/manifests/$1')}`, {
          method: 'HEAD',
        });
        expect(headers['docker-content-digest']).toBe(digest);
      }
      expect(await runsIn(temporary)).toBe(zot !== undefined);
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(await runsIn(temporary)).toBe(false);
      expect(await readdir(temporary)).toEqual([]);
      expect(await said).toMatch(/Serving 4 names at http:\/\/127\.0\.0\.1:\d+ with /);
    },
  );
});
