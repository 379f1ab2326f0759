import { startReleaseService, WRITER } from '../test/support/release-service/index.ts';
import { workplace } from '../test/support/oci-save.ts';
import { accountIn } from '../test/support/resource-use.ts';
import { writeSparseBundle } from '../test/support/sparse-bundle.ts';
import { tempFolder } from '../test/support/temp.ts';

/**
 * What it takes to bring a bundle of over 2 GiB into a release: `node bench/release.ts`. The service runs in this process,
 * on loopback, and hashes what arrives.
 */
const MIB = 1024 * 1024;

await using service = await startReleaseService();
await using temp = await tempFolder('account');
const { env, use } = await accountIn(temp.path);
await using work = await workplace({
  GITHUB_API_URL: service.url,
  GITHUB_REPOSITORY: 'org/site',
  GH_TOKEN: WRITER,
  ...env,
});
await writeSparseBundle(work.file('large'), Number(process.argv[2] ?? 2100) * MIB);
for (const run of ['first', 'again']) {
  const began = performance.now();
  await work.succeed('release', 'large', 'v1');
  const { memory, written } = await use();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${run}: ${seconds} s, ${Math.round(memory / MIB)} MiB of memory, ${written} bytes written to disks`,
  );
}
console.log(service.files('v1').join('\n'));
