import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SITE_SHELLS, startSite } from './site.ts';
import { tempFolder } from './temp.ts';

describe('a site without internet has a shell and little else', () => {
  it.for(SITE_SHELLS)('%s: no network, no Node, what is mounted, its own root', async (shell) => {
    await using temp = await tempFolder('bundle');
    await mkdir(path.join(temp.path, 'kit'));
    await writeFile(path.join(temp.path, 'kit/x.sh'), 'echo "$0 here"; touch written\n');
    await using site = await startSite({ shell, mounts: { '/b': temp.path, '/ro': `${temp.path}:ro` } });
    const plain = await site.run('sh kit/x.sh && ls && command -v node; ls /sys/class/net /root', {
      cwd: '/b',
    });
    expect(plain).toMatchObject({ stdout: expect.stringContaining('kit/x.sh here\nkit\nwritten') });
    expect(plain.stdout).not.toContain('node');
    const readOnly = await site.run('sh kit/x.sh', { cwd: '/ro' });
    expect(readOnly).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/Read-only/) });
    expect((await site.run('echo a | sha256sum; echo "$X$HOME"', { env: { X: 'y' } })).stdout).toMatch(
      /^[0-9a-f]{64} .*\ny\/root\n$/,
    );
  });
});
