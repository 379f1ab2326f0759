import { glob, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeInputs } from '../../src/options/index.ts';
import { kebab } from '../../src/text/hint.ts';

/** Front ends spell options their own way; lines of lists have options of their own, the style sheet properties. */
const FRONT_ENDS = /^src\/(?:cli|action)(?:\/|\.ts$)|\/(?:line-options|style)\.ts$/;

/** What is not an option of ours in a hint: a command line to type, the syntax of a list's line. */
const OTHERS =
  /oci-save (?:[a-z]+|\$\{command\}) --help|'--platform=|aws ecr create-repository|npx --yes|podman pull --tls-verify=false|ctr -n k8s\.io images import --no-unpack|(?:docker|podman) images --no-trunc|podman manifest push --all/;

/** Flags of the command that no save has. */
const OF_THE_COMMAND = ['verbose', 'json', 'repository', 'zot', 'builtIn', 'state'];

/** Texts about the kit and the join scripts, which have flags of their own, and styles. */
const OF_THE_SITE = /^src\/(?:bundle\/kit|archive\/join-script|view\/html)\//;

const LITERAL = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

/** The sentences in a source text: literals with a blank in them, outside comments. */
function sentencesIn(source: string): string[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  return (code.match(LITERAL) ?? []).filter((literal) => /\s/.test(literal));
}

function spelledOptions(source: string): string[] {
  const names = [...describeInputs().keys()].map(kebab);
  const input = new RegExp(`\`(?:${names.join('|')})(?:: [a-z-]+)?\\\\?\``);
  return sentencesIn(source)
    .filter((text) => /(?:^|[\s('"`])--[a-z]/.test(text) || input.test(text.slice(1, -1)))
    .filter((text) => !OTHERS.test(text));
}

let sources: Map<string, string>;
beforeAll(async () => {
  sources = new Map();
  for await (const file of glob('src/**/*.ts')) sources.set(file, await readFile(file, 'utf8'));
});

describe('options in messages and hints', () => {
  it('are named as data: no flag and no input name is spelled outside the front ends', () => {
    const spelled = [...sources]
      .filter(([file]) => !FRONT_ENDS.test(file) && !OF_THE_SITE.test(file))
      .flatMap(([file, source]) => spelledOptions(source).map((text) => `${file}: ${text}`));
    expect(spelled).toEqual([]);
    expect(sources.size).toBeGreaterThan(200);
  });

  it.each([
    "hint: 'Name another folder with --output.'",
    'hint: `Name ${folder} with --output.`',
    "hint: 'Give it as `auth-file`.'",
    'hint: `\\`on-candidate: accept\\` takes it`',
  ])('are found where they are spelled: %s', (source) => {
    expect(spelledOptions(source)).toHaveLength(1);
  });

  it('exist', () => {
    const named = [...sources.values()].flatMap((source) =>
      [...source.matchAll(/\boption\('(\w+)'(?:, '([^']*)')?\)/g)].map(([, name = '', value]) => ({
        name,
        value,
      })),
    );
    const known = describeInputs();
    expect(named.filter(({ name }) => !known.has(name) && !OF_THE_COMMAND.includes(name))).toEqual([]);
    // A value that is named must be one of the option's choices.
    expect(
      named.filter(({ name, value }) => value !== undefined && !known.get(name)?.choices?.includes(value)),
    ).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });
});
