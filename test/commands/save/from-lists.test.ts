import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../../src/events.ts';
import { save, type SaveIo, type SaveResult } from '../../../src/commands/index.ts';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startUserGate } from '../../api/user-gate.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { failureOf } from '../../support/failure.ts';
import { one } from '../../support/fixtures/index.ts';
import { startStub } from '../../support/registry-stub.ts';
import { makeCertificates } from '../../support/servers/certificates.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { filesOf } from '../../support/whole-bundle.ts';

const image = one({ seed: 'from lists', layerBytes: 64 });
const numbers = Array.from({ length: 247 }, (_, at) => `1.0.${at}`);

let registry: BadRegistry;
let temp: TempFolder;
const at = (...names: string[]): string => path.join(temp.path, ...names);

beforeAll(async () => {
  registry = await startBadRegistry({
    images: Object.fromEntries(
      [
        ...[...numbers, 'latest', '2.0.0', '2.1.0-rc.1'].map((tag) => `acme/web:${tag}`),
        'team-a/app:1',
        'team-b/app:1',
      ].map((name) => [name, image]),
    ),
  });
});
afterAll(() => registry.close());
beforeEach(async () => {
  temp = await tempFolder('from-lists');
  registry.clear();
});
afterEach(() => temp.close());

interface Ran extends SaveResult {
  readonly messages: readonly string[];
}

async function run(
  given: Readonly<Record<string, unknown>>,
  io: Partial<SaveIo> = {},
  host = registry.host,
): Promise<Ran> {
  const messages: string[] = [];
  const emit = (event: SaveEvent): void => {
    if (event.type === 'log') messages.push(`${event.level}: ${event.message}`);
  };
  const options = parseOptions({
    platforms: 'linux/amd64',
    output: at('bundle'),
    cacheDir: at('store'),
    retries: 0,
    copier: 'direct',
    insecureRegistries: [host],
    ...given,
  });
  const env = { HOME: at('home'), XDG_RUNTIME_DIR: at('run') };
  return { ...(await save(options, { env, emit, ...io })), messages };
}

async function list(name: string, text: string): Promise<string> {
  await writeFile(at(name), text.replaceAll('HOST', registry.host));
  return at(name);
}

describe('L17: a list that asks for tags by a rule', () => {
  const RULES = `HOST/acme:
  images: {web: []}
  images-by-semver: {web: '>=1.0.244 <3'}
`;

  it('is refused without consent, with the tags over all pages, before any image', async () => {
    const imageList = await list('sync.yaml', RULES);
    const error = await failureOf(run({ imageList }));
    expect(error.code).toBe('list');
    expect(error.message.replaceAll(registry.host, 'HOST').replaceAll(temp.path, '.')).toContain(
      `./sync.yaml:2: it asks for tags by a rule: it would be 250 of the 250 tags of 'HOST/acme/web' (Save them with --expand-tags`,
    );
    expect(error.details.map(({ line }) => line)).toEqual([2, 3]);
    // Three pages, once for both entries, and nothing of an image.
    const asked = registry.requests().map(({ path: place }) => place.replace(/\?.*/, ''));
    expect(asked.filter((place) => place !== '/v2/')).toEqual(
      Array.from({ length: 3 }, () => '/v2/acme/web/tags/list'),
    );
    expect([...(await filesOf(temp.path)).keys()].filter((name) => name.startsWith('bundle'))).toEqual([]);
  });

  it('gives what the rules choose, into the lock, with their lines and what ignore leaves out', async () => {
    const imageList = await list('sync.yaml', `HOST/acme: {images-by-semver: {web: '>=1.0.244 <3'}}\n`);
    const given = { imageList, expandTags: true, ignore: [`${registry.host}/acme/*:1.0.245`, 'mysql:3.2'] };
    const { lock, report, messages } = await run(given);
    expect(lock.images.map(({ ref }) => ref.replace(registry.host, 'HOST'))).toEqual([
      'HOST/acme/web:1.0.244',
      'HOST/acme/web:1.0.246',
      'HOST/acme/web:2.0.0',
    ]);
    expect(report.images.map(({ origins }) => origins)).toEqual(
      Array.from({ length: 3 }, () => [{ file: at('sync.yaml'), line: 1 }]),
    );
    expect(report.lists).toEqual([{ file: at('sync.yaml'), format: 'skopeo-sync', count: 4 }]);
    expect(report.leftOut).toEqual([{ rule: `${registry.host}/acme/*:1.0.245`, count: 1 }]);
    expect(report.warnings.map(({ message }) => message)).toContain(
      'ignore: docker.io/library/mysql:3.2 applies to no image',
    );
    const told = messages.join('\n').replaceAll(registry.host, 'HOST').replaceAll(temp.path, '.');
    expect(told).toContain('info: List: ./sync.yaml, 0 images and 1 rule for tags (skopeo-sync)');
    expect(told).toContain(
      'info: Tags: ./sync.yaml:1: HOST/acme/web: 4 of 250: 1.0.244, 1.0.245, 1.0.246, 2.0.0',
    );
    expect(told).toContain('info: Left out: 1 image by ignore: HOST/acme/*:1.0.245');
  });
});

describe('L18: a list with a user for each section', () => {
  const users = {
    'team-a/app': { username: 'ann', password: 'canary-4711' },
    'team-b/app': { username: 'ben', password: 'canary, "4712" of ben' },
  };

  it('is read as these users, whose passwords are in nothing that a run writes or says', async () => {
    const gate = await startUserGate(registry.host, users);
    const secrets: string[] = [];
    try {
      await list(
        'auth.yaml',
        `- {registry: ${gate.host}, username: ann, password: canary-4711, images: [${gate.host}/team-a/app:1]}
- {registry: ${gate.host}, username: ben, password: "\${BEN}", images: [${gate.host}/team-b/app:1]}
`,
      );
      const given = { imageList: at('auth.yaml'), vars: 'BEN,IDLE=canary-4713' };
      const env = { HOME: at('home'), XDG_RUNTIME_DIR: at('run'), BEN: users['team-b/app'].password };
      const ran = await run(given, { env, onSecret: (secret) => secrets.push(secret) }, gate.host);
      expect(ran.lock.images).toHaveLength(2);
      expect([...gate.seen].toSorted()).toEqual(['team-a/app ann in', 'team-b/app ben in']);
      expect(secrets).toEqual(expect.arrayContaining(Object.values(users).map(({ password }) => password)));
      const warned = ran.report.warnings.map(({ message }) => message);
      expect(warned).toContain('vars: no entry has the variable IDLE');
      expect(warned).toContain('it holds the passwords of 1 user: whoever can read the list can read them');
      expect(ran.report.options).toMatchObject({ vars: ['BEN', 'IDLE'] });
      const names = [...(await filesOf(temp.path)).keys()].filter((name) => name !== 'auth.yaml');
      const texts = await Promise.all(names.map((name) => readFile(at(name), 'latin1')));
      for (const text of [JSON.stringify([ran.messages, ran.report, ran.lock]), ...texts]) {
        expect(text).not.toContain('canary');
      }
    } finally {
      await gate.close();
    }
  });
});

describe('L20: a list at an address', () => {
  const text = `# images\nHOST/team-a/app:1\n`;

  it('is fetched by the certificates of the run, if its bytes have the hash', async () => {
    const certificates = await makeCertificates(at());
    const [cert, key] = await Promise.all([
      readFile(certificates.serverCert, 'utf8'),
      readFile(certificates.serverKey, 'utf8'),
    ]);
    const bytes = text.replaceAll('HOST', registry.host);
    const stub = await startStub((_, response) => response.end(bytes), { tls: { cert, key } });
    const url = `${stub.url}/lists/images.txt`;
    const hex = hexOf(digestOf(new TextEncoder().encode(bytes)));
    try {
      const given = { caFile: certificates.ca };
      const { report } = await run({
        ...given,
        imageList: `${url}?token=canary#sha256=${hex.toUpperCase()}`,
      });
      expect(report.images.map(({ origins }) => origins)).toEqual([[{ file: url, line: 2 }]]);
      expect(report.lists).toEqual([{ file: url, format: 'plain', count: 1 }]);
      expect(report.options['imageList']).toEqual([`${url}#sha256=${hex.toUpperCase()}`]);
      expect(JSON.stringify(report)).not.toContain('canary');
      expect(stub.requests.map(({ query }) => query.get('token'))).toEqual(['canary']);

      const other = await failureOf(run({ ...given, imageList: `${url}#sha256=${'0'.repeat(64)}` }));
      expect([other.code, other.message]).toEqual([
        'list',
        `${url}: it has sha256:${hex}, and not sha256:${'0'.repeat(64)}: it was not read`,
      ]);
      // Without the authority.
      const unknown = await failureOf(run({ imageList: `${url}#sha256=${hex}` }));
      expect([unknown.code, unknown.message]).toEqual(['network', expect.stringContaining('certificate')]);
    } finally {
      await stub.close();
    }
  });

  it.each([
    [
      'https://x.example/images.txt',
      'image-list: https://x.example/images.txt needs the sha256 of its bytes',
    ],
    ['https://me:canary@x.example/a.txt?canary=1#v2', 'image-list: https://x.example/a.txt needs the sha256'],
    [
      'https://x.example/a.txt#sha256=0123',
      'image-list: https://x.example/a.txt is named with a sha256 that is not 64 hexadecimal digits',
    ],
    [`http://x.example/a.txt#sha256=${'0'.repeat(64)}`, 'image-list: http://x.example/a.txt is plain HTTP'],
    ['https://', 'image-list: an address cannot be read'],
  ])('is refused without a request: %s', async (imageList, words) => {
    const error = await failureOf(run({ imageList }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(words);
    expect(`${error.message} ${error.hint ?? ''}`).not.toContain('canary');
  });

  it('that is larger than any list is not held', async () => {
    const certificates = await makeCertificates(at());
    const [cert, key] = await Promise.all([
      readFile(certificates.serverCert, 'utf8'),
      readFile(certificates.serverKey, 'utf8'),
    ]);
    const stub = await startStub(
      (_, response) => response.writeHead(200, { 'content-length': 17 * 1024 * 1024 }).write('a'),
      { tls: { cert, key } },
    );
    try {
      const imageList = `${stub.url}/a.txt#sha256=${'0'.repeat(64)}`;
      const error = await failureOf(run({ imageList, caFile: certificates.ca }));
      expect([error.code, error.message]).toEqual([
        'unsupported',
        expect.stringContaining('sends more than 16 MiB'),
      ]);
    } finally {
      await stub.close();
    }
  });
});
