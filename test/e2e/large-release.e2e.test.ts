import { expect, it } from 'vitest';
import { workplace } from '../support/oci-save.ts';
import { startReleaseService, WRITER } from '../support/release-service/index.ts';
import { accountIn } from '../support/resource-use.ts';
import { writeSparseBundle } from '../support/sparse-bundle.ts';
import { tempFolder } from '../support/temp.ts';

const MIB = 1024 * 1024;

/** The whole of a part in memory would show; twice the size shows no more. */
const [LAYER, PART] = [900 * MIB, 600 * MIB];

it('a large bundle goes into a release with less than 200 MB of memory and no archive on the disk', async () => {
  await using service = await startReleaseService();
  await using temp = await tempFolder('account');
  const { env, use } = await accountIn(temp.path);
  await using work = await workplace({
    GITHUB_API_URL: service.url,
    GITHUB_REPOSITORY: 'org/site',
    GH_TOKEN: WRITER,
    ...env,
  });
  await writeSparseBundle(work.file('large'), LAYER);
  await work.succeed('release', 'large', 'v1', '--split-size', String(PART));
  const parts = service.files('v1').filter((file) => file.includes('.tar.'));
  expect(parts[0]).toBe(`large-v1.tar.001 ${PART}`);
  expect(parts).toHaveLength(2);
  const { memory, written } = await use();
  expect(memory).toBeLessThan(200 * MIB);
  expect(written).toBeLessThan(MIB);
  expect(service.violations).toEqual([]);
});
