import { glob, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

/** What users and operators read: documents, workflows, and the texts and scripts in the sources. */
const PLACES = ['*.{md,yml}', 'docs/**/*.md', 'examples/**/*', 'src/**/*.{ts,sh}'];

/** A tar that unpacks, in any spelling. */
const UNPACKS =
  /\b(?:bsd|g)?tar(?:\s+x[A-Za-z]*(?=\s|$)|(?:\s+[^\s`#;|&]+)*?\s+(?:-[A-Za-z]*x[A-Za-z]*|--extract|--get)(?=\s|$))/g;

/** Where a command ends, but for the end of a line in the midst of a sentence. */
const END = /[`#;|&]|\n\n/;

/** Commands that unpack and name no folder that was made just before, each with its file. */
function unpackedAnywhere(file: string, text: string): string[] {
  return [...text.matchAll(UNPACKS)].flatMap(({ 0: words, index }) => {
    const [command = ''] = text.slice(index).split(END);
    const folder = /\s-C\s+([^\s,)]+)/.exec(command)?.[1];
    const before = text.slice(0, index);
    const isMade = ['mkdir', 'mkdir -p'].some((made) => before.includes(`${made} ${folder}`));
    return isMade ? [] : [`${file}: ${words}${command.slice(words.length, 60)}`];
  });
}

describe('found G5: an archive has no folder at its top', () => {
  it('wherever its unpacking is shown, a folder is made first and named', async () => {
    const texts = (await Array.fromAsync(glob(PLACES))).toSorted();
    const contents = await Promise.all(
      texts.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]),
    );
    const shown = contents.filter(([, text]) => text.search(UNPACKS) >= 0).map(([file]) => file);
    expect(shown).toEqual(
      expect.arrayContaining(['README.md', 'docs/bundle.md', 'docs/site.md', 'src/report/next-steps.ts']),
    );
    expect(contents.flatMap(([file, text]) => unpackedAnywhere(file, text))).toEqual([]);
  });

  it.each([
    ['tar -x', 1],
    ['sh N.join.sh - | tar -x', 1],
    ['tar xf N.tar', 1],
    ['tar --extract --file N.tar', 1],
    ['tar -v --extract --file N.tar', 1],
    ['tar -xf N.tar -C images', 1],
    ['tar -C images -xf N.tar', 1],
    ['mkdir images && tar -C images -xf N.tar', 0],
    ['mkdir other && tar -xf N.tar -C images', 1],
    ['mkdir images && tar -xf N.tar', 1],
    ['mkdir images && tar -xf N.tar -C images', 0],
    ['mkdir -p ${folder} && tar -xf ${tar} -C ${folder}`', 0],
    ['mkdir images && tar -xf N.tar\n-C images', 0],
    ['tar -cf N.tar --exclude x images; targets of tar files', 0],
  ])('sees %s', (command, faults) => {
    expect(unpackedAnywhere('file', command)).toHaveLength(faults);
  });
});
