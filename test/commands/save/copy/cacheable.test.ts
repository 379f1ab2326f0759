import path from 'node:path';
import { expect, it } from 'vitest';
import { save } from '../../../../src/commands/save/save.ts';
import { parseOptions } from '../../../../src/options/index.ts';
import { startBadRegistry } from '../../../support/bad-registry.ts';
import { one, writeOciLayout } from '../../../support/fixtures/index.ts';
import { topOf } from '../../../support/image.ts';
import { skopeoStub, writePrograms } from '../../../support/programs.ts';
import { EMPTY_CACHE } from '../../../support/remote-cache.ts';
import { tempFolder } from '../../../support/temp.ts';

it('found B9: what Docker’s daemon gave for a name of a registry stays out of the Actions cache', async () => {
  const image = one({ layerBytes: 100, seed: 'built' });
  await using registry = await startBadRegistry({ images: { 'public:1': one({ layerBytes: 100 }) } });
  await using temp = await tempFolder('cacheable');
  const at = (name: string): string => path.join(temp.path, name);
  await writeOciLayout(at('made'), [{ image }]);
  const printed = new TextDecoder().decode(topOf(image).bytes);
  const copies = [
    'mkdir -p layout pool/sha256',
    `cp ${at('made')}/index.json ${at('made')}/oci-layout layout`,
    `cp ${at('made')}/blobs/sha256/* pool/sha256`,
  ].join('; ');
  await writePrograms(temp.path, {
    skopeo: `case "$*" in *--version*) ${skopeoStub('1.9.3')};; *inspect*public*) echo 'No such image' >&2; exit 1;; *inspect*) cat <<'END'\n${printed}\nEND\n;; *) ${copies};; esac`,
  });
  const options = parseOptions({
    output: at('bundle'),
    images: `${registry.host}/public:1, ${registry.host}/built:1`,
    platforms: 'linux/amd64',
    cacheDir: at('store'),
    skopeo: at('skopeo'),
    source: 'docker-daemon,remote',
    insecureRegistries: [registry.host],
  });
  const { report } = await save(options, {
    env: { PATH: process.env['PATH'] ?? '' },
    remoteCache: {
      cache: EMPTY_CACHE,
      mode: 'read-write',
      withholdPrivate: false,
      repository: 'a/b',
      asked: true,
    },
    emit: () => {},
  });
  expect(report.failed).toEqual([]);
  expect(report.images.map(({ converted }) => converted)).toEqual([undefined, true]);
  // The one large blob of the image that came from its registry.
  expect(report.cache?.saved.blobs).toBe(1);
});
