import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetSecrets } from '../../src/action/inputs.ts';
import { startUserGate, type UserGate } from '../api/user-gate.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import { startWorkspace, type Workspace } from './step.ts';

const robot = { username: String.raw`robot$acme+ci`, password: 'two  words & "three" colons:::' };
const key = {
  username: '_json_key',
  password: JSON.stringify({ type: 'service_account', private_key: '-----BEGIN KEY-----\nMIIE' }, null, 2),
};

let registry: BadRegistry;
let gate: UserGate;
let workspace: Workspace;
beforeAll(async () => {
  const small = { layerBytes: 100 };
  registry = await startBadRegistry({
    images: { 'team-a/app:1': one({ ...small, seed: 'a' }), 'team-b/app:1': one({ ...small, seed: 'b' }) },
  });
  gate = await startUserGate(registry.host, { 'team-a/app': robot, 'team-b/app': key });
  workspace = await startWorkspace();
});
afterAll(async () => {
  await workspace.close();
  await gate.close();
  await registry.close();
});

const inputs = (credentials: string): Record<string, string> => ({
  credentials,
  images: `${gate.host}/team-a/app:1\n${gate.host}/team-b/app:1`,
  platforms: 'linux/amd64',
  'insecure-registries': gate.host,
});

describe('the input credentials', () => {
  const forms = [
    ['lines and one-line keys', () => `${gate.host}/team-a ${robot.username} ${robot.password}\n`],
    [
      'YAML, with a key of several lines',
      () =>
        `- registry: ${gate.host}/team-b\n  username: _json_key\n  password: ${JSON.stringify(key.password)}\n` +
        `- registry: ${gate.host}/team-a\n  username: robot$acme+ci\n  password: |\n    ${robot.password}\n`,
    ],
  ] as const;

  it.each(forms)('T9, T7: as %s are used, and hidden line by line and in base64', async (form, textOf) => {
    const isWhole = form.startsWith('YAML');
    const end = await workspace.step(
      { ...inputs(textOf()), 'on-error': 'warn' },
      { env: { RUNNER_DEBUG: '1' } },
    );
    expect(JSON.parse(end.outputs['failed'] ?? '')).toHaveLength(isWhole ? 0 : 1);
    const masks = [...end.raw.matchAll(/^::add-mask::(.*)$/gm)].map(([, text = '']) =>
      text.replaceAll('%25', '%'),
    );
    const users = isWhole ? [robot, key] : [robot];
    const lines = users.flatMap((user) => [
      ...user.password.split('\n').map((line) => line.trim()),
      basic(user).slice('Basic '.length),
    ]);
    for (const line of lines.filter(({ length }) => length >= 4)) {
      expect(masks).toContain(line);
      expect(end.raw.replaceAll(`::add-mask::${line}`, '')).not.toContain(line);
      expect(JSON.stringify(end.outputs)).not.toContain(line);
    }
    expect(end.raw).toContain('credentials: ***');
    expect(end.raw).toMatch(
      /credentials for 127\.0\.0\.1:\d+: line \d of credentials, for '127\.0\.0\.1:\d+\/team-a'/,
    );
  });

  it.each([
    ['T4: that lacks a password', 'r.example CANARY', 'credentials: line 1 has no password'],
    ['case E5: that is a key put into a line', 'gcr.io _json_key {\n  "CANARY": 1\n}', 'seems to be cut off'],
  ])('%s ends the step before any request, without a word of it', async (_, credentials, message) => {
    registry.clear();
    const end = await workspace.step(inputs(credentials));
    expect([end.exitCode, end.outputs['outcome']]).toEqual([1, 'refused']);
    expect(end.verdict).toContain(message);
    expect(end.raw + JSON.stringify(end.outputs)).not.toContain('CANARY');
    expect(registry.requests()).toEqual([]);
  });

  it.each(['images', 'mirrors', 'push', 'insecure-registries'])(
    'T7: that stand before a host in %s are refused and shown nowhere',
    async (name) => {
      const place = `bob:CANARYpw99@${gate.host}`;
      const values: Record<string, string> = { images: `${place}/a:1`, mirrors: `docker.io=${place}/hub` };
      const end = await workspace.step({ ...inputs(''), [name]: values[name] ?? place });
      expect(end.outputs['outcome']).toBe('refused');
      const shown = end.raw.replaceAll('::add-mask::CANARYpw99', '') + JSON.stringify(end.outputs);
      expect(end.raw).toContain('::add-mask::CANARYpw99');
      expect(shown).not.toContain('CANARY');
    },
  );

  it('case E3: is named as an input where it is refused', async () => {
    const end = await workspace.step(inputs(`${gate.host} ${robot.username} not-the-password`));
    expect(end.raw).toMatch(
      /credentials were sent and refused \(line 1 of credentials, for '127\.0\.0\.1:\d+'\)/,
    );
    expect(end.raw).toContain('Correct user and password in `credentials`');
  });

  it('T7: is not in the environment of programs that the step starts', () => {
    const env = { INPUT_CREDENTIALS: 'CANARY', INPUT_TOKEN: 'CANARY', INPUT_IMAGES: 'a', PATH: '/bin' };
    forgetSecrets(env);
    expect(env).toEqual({ INPUT_IMAGES: 'a', PATH: '/bin' });
  });
});
