import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { idx, writeOciLayout } from '../support/fixtures/index.ts';
import { expectExit } from '../support/expect-exit.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';

let work: Workplace;
beforeAll(async () => {
  work = await workplace();
});
afterAll(() => work.close());

it('case C6: copies large layers from an OCI layout whose only entry is an index, without skopeo, and without a warning', async () => {
  const image = idx({ seed: 'from-a-layout' });
  await writeOciLayout(work.file('layout'), [{ image }]);
  const args = ['save', 'oci:layout => docker.io/library/idx:1', '-p', 'all', '--skopeo', work.file('none')];
  const { stderr } = await work.succeed(...args);
  expect(stderr).not.toMatch(/warning|skopeo/);
  expect((await work.lock()).images[0]?.digest).toBe(image.top);
});

it('does not wait for a pipe at the name of an archive or of a layout’s index', async () => {
  await outputOf('mkfifo', [work.file('archive.tar')]);
  await writeOciLayout(work.file('piped'), [{ image: idx({ seed: 'piped' }) }]);
  await rm(work.file('piped/index.json'));
  await outputOf('mkfifo', [work.file('piped/index.json')]);
  for (const source of ['docker-archive:archive.tar', 'oci:piped']) {
    const result = await work.run(
      'save',
      `${source} => docker.io/library/x:1`,
      '-p',
      'all',
      '-o',
      'none-of-it',
    );
    expectExit(result, 1);
    expect(result.stderr).toContain('it is a pipe, a device or a terminal, not a file');
  }
});

it('an OCI layout that uses the name of another image of the list fails alone', async () => {
  const [mine, other] = [idx({ seed: 'mine' }), idx({ seed: 'other' })];
  await writeOciLayout(work.file('named'), [{ image: mine, name: 'docker.io/library/app:1' }]);
  await writeOciLayout(work.file('thief'), [{ image: other, name: 'docker.io/library/app:1' }]);
  const images = ['oci:named => docker.io/library/app:1', 'oci:thief'];
  const result = await work.run('save', ...images, '-p', 'all', '-o', 'two', '--on-error', 'warn');
  expectExit(result, 0);
  expect(result.stderr).toContain('its source calls it docker.io/library/app:1');
  expect((await work.lock('two/oci-save.lock.json')).images.map(({ digest }) => digest)).toEqual([mine.top]);
});
