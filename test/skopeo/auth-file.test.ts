import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/process.ts';
import { openAuthFile } from '../../src/skopeo/auth-file.ts';
import { tempFolder } from '../support/temp.ts';
import { namesIn } from '../support/whole-bundle.ts';

const auth = Buffer.from('me:p:w').toString('base64');
const CONTENT = { auths: { 'registry.example': { auth } } };

describe('found B9: the auth file of a skopeo', () => {
  it('has no name, and can be read by the child as often as it likes', async () => {
    await using temp = await tempFolder('auth');
    const opened = await openAuthFile(temp.path, 'registry.example', { username: 'me', password: 'p:w' });
    try {
      expect(await namesIn(temp.path)).toEqual([]);
      const { stdout } = await run('/bin/cat', [opened.file, opened.file], { env: {}, stdin: opened.stdin });
      expect(stdout).toBe(JSON.stringify(CONTENT).repeat(2));
    } finally {
      await opened.close();
    }
  });

  it('is readable by its user alone where a descriptor cannot be opened again', async () => {
    await using temp = await tempFolder('auth');
    const nowhere = path.join(temp.path, 'none');
    const token = { identityToken: 'tok' };
    const opened = await openAuthFile(temp.path, 'registry.example', token, nowhere);
    await opened.close();
    expect([opened.stdin, opened.file]).toEqual([undefined, path.join(temp.path, 'auth.json')]);
    expect((await stat(opened.file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(opened.file, 'utf8'))).toMatchObject({
      auths: { 'registry.example': { identitytoken: 'tok' } },
    });
  });
});
