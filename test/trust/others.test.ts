import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReleaseService } from '../../src/github-release/index.ts';
import { fetchFile, type Trust } from '../../src/http/index.ts';
import { openTrust } from '../../src/trust/index.ts';
import { failureOf } from '../support/failure.ts';
import { answerJson, startStub, type Stub, type StubHandler } from '../support/registry-stub.ts';
import { type Authority, makeAuthority } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let folder: TempFolder;
let authority: Authority;
let trust: Trust;
beforeAll(async () => {
  folder = await tempFolder('others');
  authority = await makeAuthority(folder.path);
  await authority.sign('server', { extensions: 'subjectAltName=IP:127.0.0.1\n' });
  const env = { SSL_CERT_FILE: authority.file('ca.crt') };
  ({ of: trust } = await openTrust({ env, caFile: '', certsDir: '', systemFiles: [], onWarning: () => {} }));
});
afterAll(() => folder.close());

async function start(handler: StubHandler): Promise<Stub> {
  const tls = { cert: await authority.read('server.crt'), key: await authority.read('server.key') };
  return startStub(handler, { tls });
}

describe('N9: an authority of one’s own is known to all that asks', () => {
  it('for the files of a release', async () => {
    await using stub = await start((_, response) => answerJson(response, 200, []));
    const target = {
      api: new URL(stub.url),
      owner: 'o',
      repo: 'r',
      tag: 'v1',
      commit: undefined,
      token: 't',
    };
    const listed = (given: { readonly trust?: Trust }) =>
      createReleaseService(target, {
        env: {},
        retry: { retries: 0, retryMilliseconds: 1 },
        onWait: () => {},
        ...given,
      }).listed('v1');
    expect(await listed({ trust })).toEqual([]);
    expect((await failureOf(listed({}))).message).toContain('has a certificate that is not accepted');
  });

  it('for a skopeo from an address', async () => {
    await using stub = await start((_, response) => void response.end('#!'));
    const file = `${folder.path}/skopeo`;
    const limits = { bytes: 10, milliseconds: 60_000, stallMilliseconds: 60_000, retries: 0 };
    await fetchFile(`${stub.url}/skopeo`, file, { subject: 'skopeo', env: {}, trust, limits });
    expect(await readFile(file, 'utf8')).toBe('#!');
  });
});
