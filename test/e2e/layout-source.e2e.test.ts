import { afterAll, beforeAll, expect, it } from 'vitest';
import { idx, writeOciLayout } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';

let work: Workplace;
beforeAll(async () => {
  work = await workplace();
});
afterAll(() => work.close());

it('takes large layers out of a layout without skopeo, and without a word', async () => {
  const image = idx({ seed: 'from-a-layout' });
  await writeOciLayout(work.file('layout'), [{ image }]);
  const args = ['save', 'oci:layout => docker.io/library/idx:1', '-p', 'all', '--skopeo', work.file('none')];
  const { stderr } = await work.succeed(...args);
  expect(stderr).not.toMatch(/warning|skopeo/);
  expect((await work.lock()).images[0]?.digest).toBe(image.top);
});
