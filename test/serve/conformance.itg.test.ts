import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/program.ts';
import { tempFolder } from '../support/temp.ts';
import { conformanceSuite } from './conformance.ts';
import { serveSample } from './serving.ts';

const off = (...names: string[]) => Object.fromEntries(names.map((name) => [`OCI_API_${name}`, 'false']));

it('passes the pull part of the OCI distribution conformance suite', async () => {
  await using folder = await tempFolder('conformance');
  await using serving = await serveSample();
  const { oci, signature, sbom, digestOnly } = serving.sample;
  const program = await conformanceSuite(folder.path);
  const { stdout } = await runProgram(program, [], {
    cwd: folder.path,
    env: {
      OCI_REGISTRY: serving.address,
      OCI_TLS: 'disabled',
      OCI_VERSION: '1.1',
      OCI_REPO1: 'docker.io/library/one',
      OCI_RESULTS_DIR: join(folder.path, 'results'),
      ...off('PUSH', 'BLOBS_DELETE', 'MANIFESTS_DELETE', 'TAGS_DELETE'),
      OCI_API_BLOBS_DIGEST_HEADER: 'true',
      OCI_RO_DATA_TAGS: '1.0 latest',
      OCI_RO_DATA_MANIFESTS: [oci.manifest, signature, sbom, digestOnly.manifest]
        .map(({ digest }) => digest)
        .join(' '),
      OCI_RO_DATA_BLOBS: [oci.config, oci.layer].map(({ digest }) => digest).join(' '),
      OCI_RO_DATA_REFERRERS: oci.manifest.digest,
    },
  });
  // The exit code says nothing: without push the suite breaks off after this report, writing its results.yaml.
  expect(stdout).toMatch(/OCI Conformance Result: Pass\n/);
  expect(stdout).toMatch(/FAIL\.+: +0\n[^]*Error\.+: +0\n/);
  const apis = [
    'Tag listing',
    'Blob get',
    'Blob head',
    'Manifest get by digest',
    'Manifest get by tag',
  ].concat('Manifest head by digest', 'Manifest head by tag', 'Referrers', 'Ping');
  expect(apis.filter((api) => !new RegExp(`${api}\\.+: +Pass\\n`).test(stdout))).toEqual([]);
});
