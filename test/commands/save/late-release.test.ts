import { expect, it } from 'vitest';
import { tryRelease } from '../../../src/commands/save/publish/release.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { releaseTarget } from '../../../src/github-release/index.ts';

const target = releaseTarget({
  tag: 'v1',
  repository: 'org/site',
  token: 'ghs_writer0123456789abcdefghijklmnopqrstuv',
  env: {},
});
const failing = (code: OciSaveError['code']): ReturnType<typeof tryRelease> =>
  tryRelease({ target }, undefined, undefined, () =>
    Promise.reject(new OciSaveError({ code, message: 'too many files are open' })),
  );

it('a machine that fails a release in its midst does not end the run as one that was refused', async () => {
  expect(await failing('machine')).toMatchObject({
    tag: 'v1',
    failure: { class: 'local', message: 'too many files are open' },
  });
});

it.each(['usage', 'interrupted'] as const)('but %s ends it', async (code) => {
  await expect(failing(code)).rejects.toMatchObject({ code });
});
