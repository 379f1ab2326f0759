import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTrust, type TrustOptions } from '../../src/trust/index.ts';
import { failureOf } from '../support/failure.ts';
import { makeAuthority } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

/** Nothing here looks into a certificate. */
const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
const [system, extra, own, host] = ['system', 'extra', 'own', 'host'].map(pem);

let folder: TempFolder;
const at = (...names: string[]): string => path.join(folder.path, ...names);
const write = async (name: string, text = ''): Promise<void> => {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), text);
};

beforeAll(async () => {
  folder = await tempFolder('trust');
  await write('system.pem', `# a remark\n${system}\n`);
  await write(
    'extra.pem',
    `${extra}\r\n-----BEGIN PRIVATE KEY-----\nk\n-----END PRIVATE KEY-----\n${system}\n`,
  );
  await write('own.pem', own);
  await write('folder/a.0', own);
  await write('folder/README', 'no certificate');
  await write('none.pem', 'no certificate');
});
afterAll(() => folder.close());

/** What is trusted, with the warnings. */
async function open(given: Partial<TrustOptions>) {
  const warnings: string[] = [];
  const trust = await openTrust({
    env: {},
    caFile: '',
    certsDir: '',
    etc: at('etc'),
    systemFiles: [at('missing.pem'), at('none.pem'), at('system.pem'), at('own.pem')],
    onWarning: (message) => warnings.push(message),
    ...given,
  });
  return { ...trust, warnings };
}

describe('found H5: the authorities of every host', () => {
  it('are those of the system', async () => {
    expect(await (await open({})).authorities()).toEqual([system]);
  });

  it('are Node’s own where the system has none', async () => {
    const trust = await open({ systemFiles: [at('missing.pem')] });
    expect((await trust.authorities()).length).toBeGreaterThan(100);
  });

  it.each<[string, () => Partial<TrustOptions>, (string | undefined)[]]>([
    ['ca-file', () => ({ caFile: at('extra.pem') }), [system, extra]],
    ['SSL_CERT_FILE', () => ({ env: { SSL_CERT_FILE: at('extra.pem') } }), [system, extra]],
    ['NODE_EXTRA_CA_CERTS', () => ({ env: { NODE_EXTRA_CA_CERTS: at('own.pem') } }), [system, own]],
    ['SSL_CERT_DIR', () => ({ env: { SSL_CERT_DIR: `${at('folder')}${path.delimiter}` } }), [system, own]],
    [
      'all of them',
      () => ({ caFile: at('own.pem'), env: { SSL_CERT_FILE: at('extra.pem'), SSL_CERT_DIR: at('folder') } }),
      [system, own, extra],
    ],
  ])('have beside them those of %s, each once', async (_, given, wanted) => {
    const { authorities, warnings } = await open(given());
    expect([await authorities(), warnings]).toEqual([wanted, []]);
  });

  it.each([
    ['SSL_CERT_FILE', 'missing.pem', 'does not exist'],
    ['SSL_CERT_DIR', 'missing', 'cannot be read (ENOENT)'],
    ['NODE_EXTRA_CA_CERTS', 'none.pem', 'has no certificate'],
    ['SSL_CERT_FILE', 'folder', 'it is a folder, not a file'],
  ])('%s that gives none is a warning: %s', async (variable, name, words) => {
    const { authorities, warnings } = await open({ env: { [variable]: at(name) } });
    expect(await authorities()).toEqual([system]);
    expect(warnings).toEqual([
      expect.stringMatching(`^${variable}: ${at(name)}:? ${words.replace(/[()]/g, '.')}$`),
    ]);
  });

  it('are read when a host is first verified: a run that verifies none has no use for them', async () => {
    await write('etc/docker/certs.d/unverified.test/ca.crt', host);
    const { of, warnings } = await open({ env: { SSL_CERT_FILE: at('missing.pem') } });
    expect((await of(new URL('https://insecure.test/'), false)).authorities).toEqual([]);
    expect((await of(new URL('https://unverified.test/'), false)).authorities).toEqual([host]);
    expect(warnings).toEqual([]);
    expect((await of(new URL('https://unverified.test/'))).authorities).toEqual([system, host]);
    expect((await of(new URL('https://one.other.test/'))).authorities).toEqual([system]);
    expect(warnings).toEqual([`SSL_CERT_FILE: ${at('missing.pem')} does not exist`]);
  });

  it.each([
    ['caFile', 'missing.pem', 'ca-file: '],
    ['caFile', 'none.pem', 'ca-file: '],
    ['caFile', 'folder', 'ca-file: '],
    ['certsDir', 'missing', 'certs-dir: '],
    ['certsDir', 'own.pem', 'certs-dir: '],
  ])('%s that gives none is refused before the first request: %s', async (option, name, beginning) => {
    const error = await failureOf(open({ [option]: at(name) }));
    expect([error.code, error.message.startsWith(beginning + at(name))]).toEqual(['usage', true]);
  });
});

describe('the folder of a host', () => {
  const filesOf = async (url: string, given: Partial<TrustOptions> = {}): Promise<string[]> => {
    const { own: found } = await (await open({ env: { HOME: at('home') }, ...given })).of(new URL(url));
    return (found?.files ?? []).map((name) =>
      path.relative(folder.path, path.join(found?.folder ?? '', name)),
    );
  };

  it('is the first of the user’s, that of containers and that of docker, as skopeo has it', async () => {
    await write('etc/docker/certs.d/one.test:5000/ca.crt', host);
    expect(await filesOf('https://one.test:5000/')).toEqual(['etc/docker/certs.d/one.test:5000/ca.crt']);
    await write('etc/containers/certs.d/one.test:5000/ca.crt', host);
    expect(await filesOf('https://one.test:5000/')).toEqual(['etc/containers/certs.d/one.test:5000/ca.crt']);
    await write('home/.config/containers/certs.d/one.test:5000/ca.crt', host);
    expect(await filesOf('https://one.test:5000/')).toEqual([
      'home/.config/containers/certs.d/one.test:5000/ca.crt',
    ]);
    // An empty folder counts as well.
    await rm(at('home/.config/containers/certs.d/one.test:5000/ca.crt'));
    expect(await filesOf('https://one.test:5000/')).toEqual([]);
    expect(await filesOf('https://one.test:5001/')).toEqual([]);
  });

  it('is that of certs-dir alone where there is one', async () => {
    await write('etc/docker/certs.d/two.test/ca.crt', host);
    await write('certs/three.test/ca.crt', host);
    const given = { certsDir: at('certs') };
    expect(await filesOf('https://two.test/', given)).toEqual([]);
    expect(await filesOf('https://three.test/', given)).toEqual(['certs/three.test/ca.crt']);
    const { authorities } = await (await open(given)).of(new URL('https://three.test/v2/'));
    expect(authorities).toEqual([system, host]);
  });

  it.each([
    ['https://four.test/', 'four.test:443'],
    ['https://registry-1.docker.io/', 'docker.io'],
    ['https://[::1]:5000/', '[::1]:5000'],
  ])('of %s may be %s', async (url, name) => {
    await write(`certs/${name}/ca.crt`, host);
    expect(await filesOf(url, { certsDir: at('certs') })).toEqual([`certs/${name}/ca.crt`]);
  });

  it.each(['https://../', 'https://./', 'https://%2e%2E/'])(
    'is none above for a host that a redirect names so: %s',
    async (url) => {
      await write('above/ca.crt', host);
      await write('above/certs/ca.crt', host);
      expect(await filesOf(url, { certsDir: at('above/certs') })).toEqual([]);
    },
  );

  it('that can fit nothing in certs-dir is warned of, and what was read is told', async () => {
    await write('misfit/localhost_25002/ca.crt', host);
    await write('misfit/Upper.test/ca.crt', host);
    await write('misfit/ca.crt', host);
    await write('misfit/README', 'of no matter');
    await write('misfit/pem.test:5000/ca.pem', host);
    await write('misfit/right.test/ca.crt', host);
    const read: string[] = [];
    const given = { certsDir: at('misfit'), onRead: (message: string) => read.push(message) };
    const { of, warnings } = await open(given);
    const named = 'only files in a folder of the host’s name count, such as registry.example:5000/ca.crt';
    expect(warnings).toEqual([
      `certs-dir: ${at('misfit')} has ca.crt itself: ${named}`,
      `certs-dir: Upper.test, localhost_25002 in ${at('misfit')} is called as no host is: ${named}`,
    ]);
    for (const name of ['pem.test:5000', 'right.test', 'localhost:25002'])
      await of(new URL(`https://${name}/`));
    expect(warnings.slice(2)).toEqual([
      `certs-dir: ${at('misfit/pem.test:5000')} has nothing that counts: an authority is a file NAME.crt, a client NAME.cert with NAME.key`,
    ]);
    expect(read).toEqual([
      `certificates for pem.test:5000: ${at('misfit/pem.test:5000')} gives none`,
      `certificates for right.test: ${at('misfit/right.test')} gives ca.crt`,
      `certificates for localhost:25002: ${at('misfit')} has no folder of that name`,
    ]);
    // What is only searched for is other programs' matter.
    await write('etc/containers/certs.d/pem.test/ca.pem', host);
    const searched = await open({});
    await searched.of(new URL('https://pem.test/'));
    expect(searched.warnings).toEqual([]);
  });

  it('need not be there, whatever the host is called', async () => {
    // Every object of JavaScript has this name.
    expect(await filesOf('https://constructor:5000/', { certsDir: at('certs') })).toEqual([]);
  });

  it('has client certificates with their keys; any other file is passed over', async () => {
    await mkdir(at('signed'));
    const { read, sign } = await makeAuthority(at('signed'));
    await sign('client');
    const [certificate, key] = [await read('client.crt'), await read('client.key')];
    await write('certs/five.test/a.cert', certificate);
    await write('certs/five.test/a.key', key);
    for (const name of ['ca.crt', 'README', 'old.pem']) await write(`certs/five.test/${name}`, name);
    const { of } = await open({ certsDir: at('certs') });
    const { clients, own: found } = await of(new URL('https://five.test/'));
    expect(clients).toEqual([{ file: at('certs/five.test/a.cert'), certificate, key }]);
    expect(found?.files).toEqual(['a.cert', 'a.key', 'ca.crt']);
  });

  const broken: [files: Record<string, string>, words: string][] = [
    [{ 'a.cert': '' }, "a.cert is a client's certificate without a key"],
    [{ 'a.key': '' }, "a.key is a client's key without a certificate"],
    [{ 'a.cert': 'x', 'a.key': 'x' }, 'a.cert cannot be used'],
  ];
  it.each(broken)('in certs-dir with %j is refused', async (files, words) => {
    for (const [name, content] of Object.entries(files))
      await write(`alone/${Object.keys(files).join('-')}.test/${name}`, content);
    const { of } = await open({ certsDir: at('alone') });
    const error = await failureOf(of(new URL(`https://${Object.keys(files).join('-')}.test/`)));
    expect([error.code, error.message]).toEqual(['local', expect.stringContaining(words)]);
  });

  it.each(broken)(
    'in certs.d of the machine with %j is passed over, and that is said once',
    async (files, words) => {
      const folderOf = 'etc/docker/certs.d/broken.test';
      await rm(at(folderOf), { recursive: true, force: true });
      for (const [name, content] of Object.entries(files)) await write(`${folderOf}/${name}`, content);
      const { of, warnings } = await open({});
      for (const place of ['v2/', 'v2/a/tags/list']) {
        const { own: found, authorities } = await of(new URL(`https://broken.test/${place}`));
        expect([found, authorities]).toEqual([undefined, [system]]);
      }
      expect(warnings).toEqual([
        expect.stringMatching(`^the certificates for broken.test are passed over: .*${words}`),
      ]);
    },
  );
});
