import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CacheServer, startCacheServer } from '../support/cache-server/index.ts';
import { dlist, idx } from '../support/fixtures/index.ts';
import { DEFAULT_LAYER_BYTES } from '../support/fixtures/layer.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath, toolsSearchPath } from '../support/tools.ts';

let registry: DockerRegistry;
let temp: TempFolder;
let run: ProgramResult;
let cache: CacheServer;

/** Runs a workflow of this repository by act, on this machine and without any network but loopback. */
function act(
  workflow: string,
  vars: Readonly<Record<string, string>>,
  more: readonly string[],
): Promise<ProgramResult> {
  const job = ['push', '--workflows', `.github/workflows/${workflow}`, '-P', 'ubuntu-latest=-self-hosted'];
  const alone = ['--pull=false', '--action-offline-mode'];
  const loopback = ['--artifact-server-addr', '127.0.0.1'];
  const given = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}=${value}`]);
  return runProgram(toolPath('act'), [...job, ...alone, ...loopback, ...given, ...more], {
    env: {
      HOME: temp.path,
      XDG_CACHE_HOME: path.join(temp.path, 'cache'),
      XDG_CONFIG_HOME: path.join(temp.path, 'config'),
      // `using: node24` takes the first node on PATH, whatever its version.
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${toolsSearchPath()}`,
    },
  });
}

beforeAll(async () => {
  temp = await tempFolder('act');
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/web', idx(), '2');
  await pushImage(registry.target, 'acme/legacy', dlist(), '1');
  cache = await startCacheServer();
  run = await act('e2e.yml', vars(), ['-j', 'twice', '-j', 'failure', '--no-cache-server']);
});
const vars = (): Record<string, string> => ({
  E2E_IMAGES: `${registry.host}/acme/web:2, ${registry.host}/acme/legacy:1`,
  E2E_ABSENT_IMAGE: `${registry.host}/acme/absent:1`,
  E2E_INSECURE_REGISTRIES: registry.host,
});
afterAll(async () => {
  await cache.close();
  await registry.close();
  await temp.close();
});

/** What a job printed, without act's marks in front. */
const logOf = (job: string): string =>
  run.stdout
    .split('\n')
    .filter((line) => line.startsWith(`[e2e/${job}`))
    .join('\n');

describe('e2e.yml under act', () => {
  it('succeeds with both of its jobs', () => {
    const ended = run.stdout.split('\n').filter((line) => /Job (?:succeeded|failed)$/.test(line));
    expect([run.exitCode, run.exitCode === 0 ? '' : run.stdout]).toEqual([0, '']);
    expect(ended).toEqual([
      expect.stringMatching(/^\[e2e\/save twice\s*\] .*Job succeeded$/),
      expect.stringMatching(/^\[e2e\/an absent image fails the step\] .*Job succeeded$/),
    ]);
  });

  it('fetches each layer once in two saves', async () => {
    const blobs = await registry.requests({ method: 'GET', kind: 'blob', status: 200 });
    // Configs are read by skopeo as well, which checks each image that it copies.
    const layers = blobs.filter(({ bytes }) => bytes > DEFAULT_LAYER_BYTES).map((asked) => asked.path);
    expect(layers).toHaveLength(4);
    expect(new Set(layers).size).toBe(4);
    expect(logOf('save twice')).toContain('::set-output:: cache-hit=true');
  });

  it('shows a missing image as the error of its step', () => {
    const log = logOf('an absent image');
    expect(log).toMatch(/::error::1 of 1 images? could not be saved/);
    expect(log).toContain(`${registry.host}/acme/absent:1`);
  });
});

describe('the cache job of e2e.yml under act', () => {
  it('restores with the older protocol, from the cache server of act', async () => {
    const place = [
      '--cache-server-addr',
      '127.0.0.1',
      '--cache-server-path',
      path.join(temp.path, 'act-cache'),
    ];
    const result = await act('e2e.yml', vars(), ['-j', 'cache', ...place]);
    expect([result.exitCode, result.exitCode === 0 ? '' : result.stdout]).toEqual([0, '']);
    expect(result.stdout).toContain('::set-output:: cache-hit=true');
  });

  it('restores with the newer protocol', async () => {
    const env = Object.entries(cache.env('v2')).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const result = await act('e2e.yml', vars(), ['-j', 'cache', '--no-cache-server', ...env]);
    expect([result.exitCode, result.exitCode === 0 ? '' : result.stdout]).toEqual([0, '']);
    expect([cache.packs().length, cache.catalogues().length]).toEqual([1, 1]);
  });
});
