import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mountPointsAt, mountPointsIn } from '../../src/files/mount-points.ts';
import { tempFolder } from '../support/temp.ts';

const escaped = (name: string): string =>
  name.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

describe('mount points', () => {
  it('are read from lines of the kernel, whatever is in their names', () => {
    const name = fc.stringMatching(/^\/[a-z \t\n\\0-7/]{0,20}$/);
    const property = fc.property(fc.array(name), (names) => {
      const lines = names.map((one) => `36 35 98:0 /r ${escaped(one)} rw - tmpfs none rw\n`);
      expect(mountPointsIn(lines.join(''))).toEqual(names);
    });
    fc.assert(property);
  });

  it('are found at a place and below it, and not beside it', async () => {
    await using temp = await tempFolder('mounts');
    expect(await mountPointsAt(['/proc'])).toContain('/proc');
    expect(await mountPointsAt(['/pro', temp.path])).toEqual([]);
  });
});
