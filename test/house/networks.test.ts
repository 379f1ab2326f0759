import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { proxyFor } from '../../src/http/index.ts';
import { parseOptions } from '../../src/options/index.ts';
import { createSources, givenLogins } from '../../src/registry/index.ts';
import { openTrust } from '../../src/trust/index.ts';
import { clientOf } from '../registry/support.ts';
import { makeAuthority } from '../support/servers/index.ts';
import { tempFolder } from '../support/temp.ts';

const text = await readFile('docs/networks.md', 'utf8');

const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);

/** The rows of the table with this head, each as the codes of its cells. */
function rowsOf(head: string): string[][][] {
  const [, table = ''] = text.split(`${head}\n`);
  const [rows = ''] = table.split('\n\n');
  return rows
    .split('\n')
    .slice(1)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => [...cell.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code)),
    );
}

const steps = z.tuple([z.looseObject({ with: z.record(z.string(), z.string()) })]);
const optionsOf = (name: string) => {
  const found = blocks('yaml').find((block) => block.includes(`${name}:`));
  const [step] = steps.parse(parse(found ?? ''));
  const { 'image-list': imageList, 'ca-file': caFile, 'certs-dir': certsDir, mirrors } = step.with;
  return parseOptions({ imageList, caFile, certsDir, mirrors });
};

describe('docs/networks.md', () => {
  it('found J6: names the options that take an IPv6 address', async () => {
    const place = '[2001:db8::1]:5000';
    const options = parseOptions({
      images: `${place}/app:1`,
      credentials: `${place} user password`,
      insecureRegistries: place,
      mirrors: `docker.io=${place}/hub`,
      push: `${place}/site`,
    });
    const store = givenLogins(options.credentials);
    expect(await store.find({ domain: place, path: 'app' })).toMatchObject({ username: 'user' });
    expect([options.insecureRegistries, options.mirrors, options.push]).toMatchObject([
      [place],
      [{ location: `${place}/hub` }],
      [{ domain: place, prefix: 'site' }],
    ]);
  });

  it('says of NO_PROXY what is so', () => {
    const rows = rowsOf('| in `NO_PROXY` | asked directly | by the proxy |');
    expect(rows.length).toBe(9);
    for (const [[NO_PROXY = ''] = [], direct = [], proxied = []] of rows) {
      const byProxy = (url: string): boolean =>
        proxyFor(new URL(url), { HTTPS_PROXY: 'proxy.test', NO_PROXY }) !== undefined;
      expect([NO_PROXY, direct.filter(byProxy), proxied.filter(byProxy)]).toEqual([NO_PROXY, [], proxied]);
    }
  });

  it('shows mirrors that are read as it says', () => {
    const { mirrors } = optionsOf('mirrors');
    using client = clientOf([]);
    const { placesOf } = createSources(client, mirrors, () => {});
    const rows = rowsOf('| image | is read from |');
    expect(rows.length).toBe(3);
    for (const [[name = ''] = [], places] of rows) {
      const [domain = '', ...parts] = name.split('/');
      const read = placesOf({ domain, path: parts.join('/') });
      expect(read.map((place) => `${place.domain}/${place.path}`)).toEqual(places);
    }
  });

  it('shows a folder of certificates that is read', async () => {
    expect(optionsOf('certs-dir')).toMatchObject({ caFile: '/etc/ssl/company.pem', certsDir: 'certs' });
    await using folder = await tempFolder('networks');
    const files = (blocks('').find((block) => block.startsWith('certs/')) ?? '').trim().split('\n');
    const { read: signed, sign } = await makeAuthority(folder.path);
    await sign('client');
    const contents: Record<string, string> = {
      '.crt': 'ca.crt',
      '.cert': 'client.crt',
      '.key': 'client.key',
    };
    for (const file of files) {
      await mkdir(path.dirname(path.join(folder.path, file)), { recursive: true });
      await writeFile(path.join(folder.path, file), await signed(contents[path.extname(file)] ?? ''));
    }
    const certsDir = path.join(folder.path, 'certs');
    const trust = await openTrust({ env: {}, caFile: '', certsDir, onWarning: () => {} });
    const read = async (url: string) => (await trust.of(new URL(url))).own?.files;
    expect(await read('https://registry.example:5000/')).toEqual(['ca.crt', 'client.cert', 'client.key']);
    expect(await read('https://[2001:db8::1]:5000/')).toEqual(['ca.crt']);
  });
});
