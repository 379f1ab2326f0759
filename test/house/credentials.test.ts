import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseOptions } from '../../src/options/index.ts';
import { parseAuthFile } from '../../src/registry/auth/auth-file.ts';
import { givenLogins } from '../../src/registry/index.ts';

const text = await readFile('docs/credentials.md', 'utf8');

const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

/** As the runner does it: a secret of several lines stays one text by `toJSON` alone. */
const filled = (input: string): string =>
  input
    .replaceAll(/\$\{\{ toJSON\(.*?\) \}\}/g, JSON.stringify('{\n  "key": 1\n}', null, 2))
    .replaceAll(/\$\{\{.*?\}\}/g, 'a secret');

const steps = z.array(z.looseObject({ with: z.looseObject({ credentials: z.string() }) }));

describe('docs/credentials.md', () => {
  it('shows inputs that are read as it says', async () => {
    const users = blocks('yaml')
      .flatMap((block) => steps.parse(parse(block)))
      .flatMap(({ with: inputs }) => {
        const { credentials } = parseOptions({ images: 'a', credentials: filled(inputs.credentials) });
        givenLogins(credentials);
        return credentials.map(
          ({ registry, username, password }) => `${registry} ${username} ${password.reveal()}`,
        );
      });
    expect(users).toEqual([
      'registry.example/team-a robot$team-a+ci a secret',
      'registry.example reader a secret',
      'docker.io acme a secret',
      'europe-docker.pkg.dev _json_key {\n  "key": 1\n}',
    ]);
  });

  it('shows an auth file that is read', () => {
    const [block = ''] = blocks('json');
    const file = parseAuthFile(block, 'config.json');
    expect([[...file.credHelpers.values()], file.credsStore]).toEqual([
      ['ecr-login', 'gcloud'],
      'secretservice',
    ]);
  });
});
