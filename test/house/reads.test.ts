import { glob, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

/** Where files are opened other than by `files/`, and why that waits for nobody. */
const REASONS: Record<string, string> = {
  'src/action/skopeo/tool-cache.ts': 'O_NONBLOCK and O_NOFOLLOW, and it asks whether it is a file',
  'src/archive/write-archive.ts': 'makes the file (wx)',
  'src/bundle/output/folder-content.ts': 'thousands of files: O_NONBLOCK, and by synchronous calls',
  'src/commands/unpack/to-disk.ts': 'files and folders that this run has made, to flush them',
  'src/commands/unpack/write-entries.ts': 'makes the file (wx)',
  'src/http/fetch-file.ts': 'writes a file in a folder of its caller',
  'src/serve/tree/confined-file.ts': 'O_NONBLOCK, and asks whether it is a file',
  'src/skopeo/auth-file.ts': 'makes the file (wx), and reads it by its descriptor',
  'src/store/blob-writer.ts': 'makes the file (wx)',
  'src/store/file-lock.ts': 'reads of /proc when a process began; locks themselves go through files/',
};

const READERS = /\b(?:readFile|readFileSync|createReadStream|open|openSync|openAsBlob)\b/;

describe('found B6: a file', () => {
  it('is opened by files/ alone, which takes regular files and waits for no pipe', async () => {
    const opening: string[] = [];
    for await (const file of glob('src/**/*.ts')) {
      if (file.startsWith('src/files/')) continue;
      const source = await readFile(file, 'utf8');
      const imports = source.matchAll(/^import \{([^}]*)\} from 'node:fs(?:\/promises)?';$/gm);
      // `import fs from` would hide what is used of it.
      const whole = /^import (?:\* as )?\w+ from 'node:fs/m.test(source);
      if (whole || [...imports].some(([, names = '']) => READERS.test(names))) opening.push(file);
    }
    expect(opening.toSorted()).toEqual(Object.keys(REASONS));
  });
});
