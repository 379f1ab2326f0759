import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endsOf, logOf, runAct } from '../support/act.ts';
import { dlist, idx } from '../support/fixtures/index.ts';
import { DEFAULT_LAYER_BYTES } from '../support/fixtures/layer.ts';
import type { ProgramResult } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let registry: DockerRegistry;
let temp: TempFolder;
let run: ProgramResult;

/** Runs jobs of e2e.yml, as they stand here. */
const act = (...args: readonly string[]): Promise<ProgramResult> =>
  runAct({
    home: temp.path,
    vars: vars(),
    args: ['push', '--workflows', '.github/workflows/e2e.yml', ...args],
  });

beforeAll(async () => {
  temp = await tempFolder('act');
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/web', idx(), '2');
  await pushImage(registry.target, 'acme/legacy', dlist(), '1');
  run = await act('-j', 'twice', '-j', 'failure', '--no-cache-server');
});
const vars = (): Record<string, string> => ({
  E2E_IMAGES: `${registry.host}/acme/web:2, ${registry.host}/acme/legacy:1`,
  E2E_ABSENT_IMAGE: `${registry.host}/acme/absent:1`,
  E2E_INSECURE_REGISTRIES: registry.host,
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

describe('e2e.yml under act', () => {
  it('succeeds with both of its jobs', () => {
    expect([run.exitCode, run.exitCode === 0 ? '' : run.stdout]).toEqual([0, '']);
    expect(endsOf(run.stdout)).toEqual([
      'e2e/an absent image fails the step: succeeded',
      'e2e/save twice: succeeded',
    ]);
  });

  it('fetches each layer once in two saves', async () => {
    const blobs = await registry.requests({ method: 'GET', kind: 'blob', status: 200 });
    // Configs are read by skopeo as well, which checks each image that it copies.
    const layers = blobs.filter(({ bytes }) => bytes > DEFAULT_LAYER_BYTES).map((asked) => asked.path);
    expect(layers).toHaveLength(4);
    expect(new Set(layers).size).toBe(4);
    expect(logOf('e2e/save twice', run.stdout)).toContain('::set-output:: cache-hit=true');
  });

  it('shows a missing image as the error of its step', () => {
    const log = logOf('e2e/an absent image', run.stdout);
    expect(log).toMatch(/::error::1 of 1 images? could not be saved/);
    expect(log).toContain(`${registry.host}/acme/absent:1`);
  });
});

// The newer protocol is that of the mirror in examples.e2e.test.ts.
describe('the cache job of e2e.yml under act', () => {
  it('restores with the older protocol, from the cache server of act', async () => {
    const place = [
      '--cache-server-addr',
      '127.0.0.1',
      '--cache-server-path',
      path.join(temp.path, 'act-cache'),
    ];
    const result = await act('-j', 'cache', ...place);
    expect([result.exitCode, result.exitCode === 0 ? '' : result.stdout]).toEqual([0, '']);
    expect(result.stdout).toContain('::set-output:: cache-hit=true');
  });
});
