import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleOptions } from '../../../src/commands/save/idle-options.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseInline } from '../../../src/list/index.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { renderJobSummary, renderSummary } from '../../../src/view/index.ts';
import { asInput } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { one } from '../../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const LIST = ['docker.io/acme/app:1', 'quay.io/acme/db:2', 'quay.io/acme/x:1 => site.example/x:1'];

function idle(given: Readonly<Record<string, unknown>>, lines: readonly string[] = LIST): string[] {
  const { requests } = parseInline(lines, { defaultRegistry: 'docker.io' });
  const list = { requests, leftOut: [], usedVariables: [] };
  return idleOptions(parseOptions({ images: lines, ...given }), list).map(
    (words) => words.split(/ (?:nothing|it names|applies)/)[0] ?? '',
  );
}

describe('found A16: an option without effect is said', () => {
  it.each<[Readonly<Record<string, unknown>>, string[]]>([
    [{ splitSize: '1GiB' }, ['split-size:']],
    [{ splitSize: '1GiB', archive: 'tar' }, []],
    [{ splitSize: '1GiB', release: 'v1' }, []],
    [{ archiveName: 'site' }, ['archive-name:']],
    [{ archiveName: 'site', release: 'v1' }, []],
    [{ pushPolicy: 'if-missing' }, ['push-policy: if-missing']],
    [{ pushPolicy: 'if-missing', push: 'r.example' }, []],
    [{ releasePolicy: 'keep' }, ['release-policy: keep']],
    [{ releasePolicy: 'keep', release: 'v1' }, []],
    [{ layout: 'zot', output: 'none', push: 'r.example' }, ['layout: zot']],
    [{ layout: 'zot' }, []],
    [{}, []],
  ])('%j', (given, words) => {
    expect(idle(given)).toEqual(words);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string[]]>([
    ['quay.io u p', {}, []],
    ['quay.io/acme u p', {}, []],
    ['https://index.docker.io/v1/ u p', {}, []],
    ['quay.io/acmee u p', {}, ["credentials: line 1, for 'quay.io/acmee',"]],
    // Only the name that it is stored under.
    ['# the site\nsite.example u p', {}, ["credentials: line 2, for 'site.example',"]],
    ['site.example/team u p', { push: 'site.example/other' }, []],
    ['mirror.example:5000/hub u p', { mirrors: 'docker.io=mirror.example:5000/hub' }, []],
    ['quay.io u p\nquay.io/acme v q', {}, ["credentials: line 1, for 'quay.io',"]],
  ])('T3: users of %j', (credentials, given, words) => {
    expect(idle({ credentials, ...given })).toEqual(words);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string[]]>([
    ['127.0.0.1', {}, ['127.0.0.1']],
    ['127.0.0.1:5001', {}, ['127.0.0.1:5001']],
    ['127.0.0.1:5000', {}, []],
    // The other port may be that of the token service.
    ['127.0.0.1:5000,127.0.0.1:5001', {}, []],
    ['auth.example:5001', {}, []],
    ['Plain.example:443', {}, []],
    ['plain.example:80', {}, ['plain.example:80']],
    ['[2001:db8::1]', {}, ['[2001:db8::1]']],
    ['site.example', { push: 'site.example:5000/x' }, ['site.example']],
    ['m.example', { mirrors: '127.0.0.1:5000=m.example:5000/hub' }, ['m.example']],
  ])('an insecure registry with a port that none has: %s', (insecureRegistries, given, names) => {
    const lines = ['127.0.0.1:5000/app:1', 'plain.example/app:1', '[2001:db8::1]:5000/app:1'];
    expect(idle({ insecureRegistries, ...given }, lines)).toEqual(
      names.map((name) => `insecure-registries: ${name}`),
    );
  });

  it.each<[string[], string[]]>([
    [['docker.io=m.test', 'quay.io/acme=m.test'], []],
    [['docker.io/other=m.test', 'docker.io=n.test'], ['mirrors: docker.io/other=m.test']],
    // One with a longer prefix is asked in its place.
    [['docker.io=m.test', 'docker.io/acme=n.test'], ['mirrors: docker.io=m.test']],
    // Nothing would be left of the name.
    [['docker.io/acme/app=m.test'], ['mirrors: docker.io/acme/app=m.test']],
    [['site.example=m.test'], ['mirrors: site.example=m.test']],
  ])('S9: mirrors that apply to no image: %j', (mirrors, words) => {
    expect(idle({ mirrors })).toEqual(words);
  });

  it.each<[string, string[]]>([
    ['nosuch=x', ['naming: nosuch=x']],
    ['docker.io=hub.example', []],
    // By the name that the list gives.
    ['quay.io/acme/x=x.example', ['naming: quay.io/acme/x=x.example']],
    ['site.example=x.example', []],
    // A rule whose images a longer one names.
    ['docker.io=a.example,docker.io/acme=b.example', ['naming: docker.io=a.example']],
    ['docker.io=a.example,docker.io=a.example', []],
    ['nosuch=x,nosuch=x', ['naming: nosuch=x']],
    ['strip-library,keep-domain', []],
  ])('a naming rule that applies to no image: %s', (naming, words) => {
    expect(idle({ naming })).toEqual(words);
  });

  it('no rule, where a source names its images itself', () => {
    expect(idle({ naming: 'nosuch=x' }, ['oci:layout'])).toEqual([]);
    expect(idle({ naming: 'nosuch=x' }, ['docker-archive:app.tar'])).toEqual([]);
  });
});

describe('found A16: what a run says of its options', () => {
  let registry: BadRegistry;
  let temp: TempFolder;
  beforeAll(async () => {
    registry = await startBadRegistry({ images: { 'app/one:1': one({ layerBytes: 100 }) } });
    temp = await tempFolder('idle');
  });
  afterAll(async () => {
    await registry.close();
    await temp.close();
  });

  it('is in its report, its summary and the summary of the job, beside what the list is warned of', async () => {
    const list = path.join(temp.path, 'images.txt');
    await writeFile(list, `${registry.host}/app/one:1\n`);
    const options = parseOptions({
      imageList: list,
      platforms: 'linux/amd64',
      output: path.join(temp.path, 'bundle'),
      cacheDir: path.join(temp.path, 'store'),
      copier: 'direct',
      retries: 0,
      insecureRegistries: [registry.host],
      splitSize: '1GiB',
      naming: 'nosuch=x',
    });
    const said: string[] = [];
    const { report } = await save(options, {
      env: {},
      emit: (event) => {
        if (event.type === 'log') said.push(event.message);
      },
    });
    const words = [
      'split-size: nothing is split, since neither an archive nor a release is asked for',
      'naming: nosuch=x applies to no image',
    ];
    expect(report.warnings).toEqual(words.map((message) => ({ message })));
    expect(renderSummary(report, { color: false })).toContain(`Warnings: 2\n  -  ${words[0]}\n`);
    const places = { reportFile: 'r', folder: temp.path, spelling: asInput };
    expect(renderJobSummary(report, places)).toContain(`|  | ${words[1]} |`);
    expect(said[0]).toBe(`List: ${list}, 1 image (plain)`);
  });
});
