import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { releaseContent } from '../../../src/commands/release.ts';
import type { SaveResult } from '../../../src/commands/save/run.ts';
import { save } from '../../../src/commands/save/save.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { one } from '../../support/fixtures/index.ts';
import {
  type FaultRule,
  type ReleaseService,
  startReleaseService,
  WRITER,
} from '../../support/release-service/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { isThere } from '../../support/whole-bundle.ts';

const READER = 'ghs_reader0123456789abcdefghijklmnopqrstuv';
const SCOPELESS = 'ghp_noscope0123456789abcdefghijklmnopqrst';

let registry: BadRegistry;
let service: ReleaseService;
let temp: TempFolder;
let runs = 0;
let bundle = '';
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'app:1': one({ layerBytes: 100 }) } });
  temp = await tempFolder('release-start');
});
afterAll(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await temp.close();
});
beforeEach(async () => {
  service = await startReleaseService({
    tokens: { [WRITER]: 'write', [READER]: 'read', [SCOPELESS]: 'scopeless' },
  });
  runs += 1;
  bundle = path.join(temp.path, `bundle-${runs}`);
  registry.clear();
  return async () => {
    expect(service.violations).toEqual([]);
    await service.close();
  };
});

interface Ran extends Partial<SaveResult> {
  readonly error?: OciSaveError;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** Saves one image into a bundle and release v1. Every test has a store of its own. */
async function run(token: string, given: Readonly<Record<string, unknown>> = {}): Promise<Ran> {
  const warnings: string[] = [];
  const infos: string[] = [];
  const options = parseOptions({
    images: `${registry.host}/app:1`,
    platforms: 'linux/amd64',
    output: bundle,
    archiveName: 'site',
    release: 'v1',
    cacheDir: path.join(temp.path, `store-${runs}`),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  try {
    const result = await save(options, {
      env: { GITHUB_API_URL: service.url, GITHUB_REPOSITORY: 'org/site' },
      releaseToken: token,
      emit(event) {
        if (event.type !== 'log') return;
        if (event.level === 'warning') warnings.push(event.message);
        if (event.level === 'info') infos.push(event.message);
      },
    });
    return { ...result, warnings, infos };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return { error, warnings, infos };
  }
}

const outage = (times: number): FaultRule => ({ times, fault: { kind: 'status', status: 502 } });
const written = (): string[] =>
  service.calls().flatMap(({ method, path: place }) => {
    return method === 'GET' || place.endsWith('/generate-notes') ? [] : [`${method} ${place}`];
  });

describe('found K8: a release whose service is out of order when the run starts', () => {
  it('is a warning, and is made when the images are saved', async () => {
    service.misbehave(outage(1));
    const { report, warnings } = await run(WRITER);
    expect(report?.outcome).toBe('done');
    expect(service.releases).toMatchObject([{ tag: 'v1', draft: false }]);
    expect(warnings).toEqual([
      expect.stringMatching(/^release v1 cannot be looked up: .*502.*; it is tried again at the end$/),
    ]);
  });

  it('is made where the service was silent, and closed the connection', async () => {
    service.misbehave({ times: 1, fault: { kind: 'lost' } });
    const { report, warnings } = await run(WRITER);
    expect([report?.outcome, warnings.length]).toEqual(['done', 1]);
  });

  it('fails at the end where it still is, with the bundle and the report there', async () => {
    service.misbehave(outage(99));
    const { report } = await run(WRITER);
    expect(report).toMatchObject({ outcome: 'failed', release: { failure: { class: 'network' } } });
    expect(await isThere(path.join(bundle, 'oci-save.lock.json'))).toBe(true);
    expect(await isThere(`${bundle}.report.json`)).toBe(true);
  });

  it('is not asked what the token may do: another request would be in vain', async () => {
    service.misbehave(outage(1));
    await run(WRITER);
    expect(service.calls().some(({ path: place }) => place.endsWith('/generate-notes'))).toBe(false);
  });

  it('says in the log that it is asked again', async () => {
    service.misbehave(outage(1));
    const { infos, warnings } = await run(WRITER, { retries: 1 });
    expect(infos).toContainEqual(expect.stringMatching(/^release v1 cannot be looked up: .*; trying again$/));
    expect(warnings).toEqual([]);
  });
});

describe('found K8: a release that the token may not write', () => {
  it.each([
    [
      'a job without contents: write',
      READER,
      /403 \(Resource not accessible by integration\)$/,
      /contents: write/,
    ],
    ['a person’s token without a scope', SCOPELESS, /404 \(Not Found\)$/, /scopes repo and public_repo/],
  ])('fails before any image is asked for: %s', async (_, token, message, advice) => {
    const { error } = await run(token);
    expect(error?.code).toBe('denied');
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(advice);
    expect(registry.requests()).toEqual([]);
    expect(service.releases).toEqual([]);
  });

  it('fails before any image is asked for, where somebody published it without our files', async () => {
    service.add({ tag: 'v1' });
    const { error } = await run(READER);
    expect(error?.code).toBe('denied');
    expect(registry.requests()).toEqual([]);
  });

  it('is a warning where the archive is there: nothing has to be written if it is the same', async () => {
    await run(WRITER);
    service.clear();
    const { report, warnings } = await run(READER);
    expect([report?.outcome, warnings]).toEqual([
      'done',
      [expect.stringMatching(/403.*; the run fails if anything of its archive has changed$/)],
    ]);
    expect(written()).toEqual([]);
  });

  it('is not asked about in a dry run, which writes nothing', async () => {
    const { report } = await run(READER, { dryRun: true });
    expect(report?.outcome).toBe('done');
    expect(service.calls('POST')).toEqual([]);
  });
});

describe('found K8: oci-save release', () => {
  it('reads nothing of the bundle where the token may not write the release', async () => {
    await run(WRITER, { release: '' });
    const stages: string[] = [];
    const options = {
      content: bundle,
      tag: 'v1',
      repository: 'org/site',
      archiveName: 'site',
      splitSize: 0,
      releasePolicy: 'auto',
      retries: 0,
      dryRun: false,
    } as const;
    const released = releaseContent(options, {
      env: { GITHUB_API_URL: service.url, GH_TOKEN: READER },
      emit: (event) => void (event.type === 'stage' && stages.push(event.stage)),
    });
    await expect(released).rejects.toMatchObject({ code: 'denied' });
    expect([stages, service.releases]).toEqual([[], []]);
  });
});

describe('the question whether a token may write a release', () => {
  it.each([
    ['404, as an old server has it', 404],
    ['422', 422],
    ['500', 500],
  ])('says nothing where it is answered with %s', async (_, status) => {
    service.misbehave({ path: /generate-notes/, times: 99, fault: { kind: 'status', status } });
    const { report, warnings } = await run(WRITER);
    expect([report?.outcome, warnings]).toEqual(['done', []]);
  });

  it('is not asked where a draft is there: GitHub shows it to those alone who may write', async () => {
    service.add({ tag: 'v1', draft: true });
    await run(WRITER);
    expect(service.calls().some(({ path: place }) => place.endsWith('/generate-notes'))).toBe(false);
  });

  it('is told in the log, as is where the release is looked for', async () => {
    const { infos } = await run(WRITER);
    const { host } = new URL(service.url);
    expect(infos.filter((message) => message.includes(' release v1'))).toEqual([
      `looking for release v1 of org/site on ${host}`,
      'checking that the token may write release v1',
    ]);
  });
});
