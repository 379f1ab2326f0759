import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../src/options/index.ts';
import { type Places, placesOf } from '../../../src/commands/save/places.ts';

const places = (given: Readonly<Record<string, unknown>>): Places =>
  placesOf(parseOptions({ archive: 'tar', ...given }), {});

describe('the name of an archive', () => {
  it.each(['..', '.', '../..', 'a/..', 'a/', '/', 'a\nb', 'a\n touch x', 'a\u0000b', 'a\rb/c', 'x\u202Etxt'])(
    'is refused before anything starts: %j',
    (archiveName) => {
      const refused = expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/^archive-name: ".*" cannot name an archive: it /),
      });
      expect(() => places({ archiveName })).toThrow(refused);
      expect(() => places({ archiveName, archive: 'none' })).toThrow(refused);
    },
  );

  it.each(['a b', "it's", '$(x)', 'é', '-rf', 'sub/a', '../up', 'a.tar', '...'])(
    'may be %j',
    (archiveName) => {
      const { archivePlace } = places({ archiveName });
      expect(archivePlace.name.base).toBe(path.basename(archiveName));
    },
  );

  it('is refused of a folder that has such a name, which may be the name of a folder alone', () => {
    const output = 'out\n touch x';
    expect(() => places({ output })).toThrow(/control characters/);
    expect(places({ output, archive: 'none' }).output).toBe(path.resolve(output));
    expect(() => places({ output: '/' })).toThrow(/is a folder/);
  });
});
