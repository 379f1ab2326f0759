import { existsSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../../src/events.ts';
import { save, type SaveResult } from '../../../src/commands/index.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startUserGate, type UserGate } from '../../api/user-gate.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import type { AuthSwitches } from '../../support/bad-registry/switches.ts';
import { failureOf } from '../../support/failure.ts';
import { one } from '../../support/fixtures/index.ts';
import { largestBlobOf } from '../../support/image.ts';
import { basic, type Credentials } from '../../support/http.ts';
import { pushImage } from '../../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/servers/index.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';
import { filesOf } from '../../support/whole-bundle.ts';

const KEY = JSON.stringify(
  {
    type: 'service_account',
    private_key: '-----BEGIN PRIVATE KEY-----\nMIIEv canary4712\n-----END PRIVATE KEY-----\n',
  },
  null,
  2,
);
const robot = {
  username: String.raw`robot$acme+ci`,
  password: `two  words, "quotes" # % : \\ and 'canary4711'`,
};
const key = { username: '_json_key', password: KEY };

/** Parts that no form of writing changes, and what is sent. */
const SECRETS = [
  'canary4711',
  'canary4712',
  ...[robot, key].map((user) => basic(user).slice('Basic '.length)),
];

const layerBytes = 1200 * 1024;
const images = {
  'team-a/app': one({ seed: 'creds a', layerBytes }),
  'team-b/app': one({ seed: 'creds b', layerBytes }),
};

/** The registry of all images, and a door before it that lets one user into each repository. */
let registry: BadRegistry;
let gate: UserGate;
let temp: TempFolder;
const at = (...names: string[]): string => path.join(temp.path, ...names);

beforeAll(async () => {
  registry = await startBadRegistry({
    images: Object.fromEntries(Object.entries(images).map(([name, image]) => [`${name}:1`, image])),
  });
});
afterAll(() => registry.close());
beforeEach(async () => {
  temp = await tempFolder('credentials');
  gate = await startUserGate(registry.host, { 'team-a/app': robot, 'team-b/app': key });
  registry.misbehave({});
});
afterEach(async () => {
  await gate.close();
  await temp.close();
});

interface Ran extends SaveResult {
  readonly messages: readonly string[];
}

/** Saves from `host` with nothing in the environment but a home, PATH and `env`. */
async function run(
  host: string,
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const messages: string[] = [];
  const options = parseOptions({
    images: ['team-a/app:1', 'team-b/app:1'].map((name) => `${host}/${name}`),
    platforms: 'linux/amd64',
    output: at('bundle'),
    cacheDir: at('store'),
    retries: 0,
    insecureRegistries: [host],
    skopeo: toolPath('skopeo'),
    ...given,
  });
  const emit = (event: SaveEvent): void => {
    if (event.type === 'log') messages.push(`${event.level}: ${event.message}`);
  };
  const result = await save(options, {
    env: { HOME: at('home'), XDG_RUNTIME_DIR: at('run'), PATH: process.env['PATH'] ?? '', ...env },
    emit,
  });
  return { ...result, messages };
}

async function file(name: string, content: unknown, mode = 0o600): Promise<string> {
  const place = at(name);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(place, mode);
  return place;
}

/** A helper on PATH that runs a script; its calls stand in the file `calls`. @returns the PATH */
async function helper(name: string, script: string): Promise<string> {
  const program = `#!/bin/sh\nread -r server\necho "$1 $server" >> '${at('calls')}'\n${script}\n`;
  await file(`bin/docker-credential-${name}`, program, 0o755);
  return `${at('bin')}:${process.env['PATH'] ?? ''}`;
}

const answers = ({ username, password }: Credentials): string =>
  `cat <<'END'\n${JSON.stringify({ ServerURL: 'x', Username: username, Secret: password })}\nEND`;
const authOf = (user: Credentials): object => ({ auth: basic(user).slice('Basic '.length) });

/** No file that a run wrote, and nothing that it said, has a password. */
async function expectNoSecret({ messages, report, lock }: Ran, given: readonly string[]): Promise<void> {
  const files = [...(await filesOf(temp.path)).keys()].filter((name) => !given.includes(name));
  const texts = await Promise.all(files.map((name) => readFile(at(name), 'latin1')));
  for (const text of [JSON.stringify([messages, report, lock]), ...texts]) {
    for (const secret of SECRETS) expect(text.includes(secret)).toBe(false);
  }
}

const COPIERS = [['skopeo'], ['direct']] as const;

describe('a list in the form of sealer', () => {
  const sections = (...users: Credentials[]): string =>
    Object.keys(images)
      .map((name, section) => {
        const { username, password } = users[section] ?? robot;
        const user = `  username: ${JSON.stringify(username)}\n  password: ${JSON.stringify(password)}\n`;
        return `- registry: ${gate.host}\n${user}  images: ["${name}:1"]\n`;
      })
      .join('');

  it('L3, T3: has the users of its sections, each for its images', async () => {
    const list = await file('imageListWithAuth.yaml', sections(robot, key));
    const ran = await run(gate.host, { images: [], imageList: [list], copier: 'direct' });
    expect(ran.report.failed).toEqual([]);
    expect(ran.lock.images).toHaveLength(2);
    expect([...gate.seen].toSorted()).toEqual(['team-a/app robot$acme+ci in', 'team-b/app _json_key in']);
    await expectNoSecret(ran, ['imageListWithAuth.yaml']);
  });

  it('T4: is refused before the first request where a section has no password', async () => {
    const text = sections(robot, { ...key, password: '' });
    const list = await file('imageListWithAuth.yaml', text);
    await expect(run(gate.host, { images: [], imageList: [list], copier: 'direct' })).rejects.toThrow(
      /imageListWithAuth\.yaml:5: a user is given without a 'password'/,
    );
    expect([...gate.seen]).toEqual([]);
  });
});

describe.each(COPIERS)('by the copier %s', (copier) => {
  const sources: [
    string,
    () => Promise<[given: Record<string, unknown>, env: Record<string, string>, where: RegExp]>,
  ][] = [
    [
      'the option credentials, before an auth file,',
      async () => [
        {
          authFile: await file('auth.json', {
            auths: { [`${gate.host}/team-a/app`]: authOf({ username: 'stale', password: 'stale-password' }) },
          }),
          credentials: JSON.stringify([
            { registry: `${gate.host}/team-a`, ...robot },
            { registry: gate.host, ...key },
          ]),
        },
        {},
        /line 1 of credentials, for '127\.0\.0\.1:\d+\/team-a'$/,
      ],
    ],
    [
      'an auth file',
      async () => [
        {
          authFile: await file('auth.json', {
            auths: { [`${gate.host}/team-a`]: authOf(robot), [`http://${gate.host}/v2/`]: authOf(key) },
          }),
        },
        {},
        /auths '127\.0\.0\.1:\d+\/team-a' in .*auth\.json$/,
      ],
    ],
    [
      'a helper, and an auth file',
      async () => {
        await file('home/.config/containers/auth.json', { auths: { [`${gate.host}/team-b`]: authOf(key) } });
        const PATH = await helper('demo', answers(robot));
        await file('home/.docker/config.json', { auths: { [gate.host]: {} }, credsStore: 'demo' });
        return [
          {},
          { PATH },
          /credsStore \(docker-credential-demo\) for '127\.0\.0\.1:\d+' in .*config\.json$/,
        ];
      },
    ],
  ];

  it.each(sources)(
    'case E1, case E4, case E5, T1, T3, T9: users of %s read their repositories',
    async (_, prepare) => {
      const [given, env, where] = await prepare();
      const prepared = [...(await filesOf(temp.path)).keys()];
      const ran = await run(gate.host, { copier, ...given }, env);
      expect(ran.report.failed).toEqual([]);
      expect(new Set(ran.lock.images.map(({ digest }) => digest))).toEqual(
        new Set(Object.values(images).map(({ top }) => top)),
      );
      expect([...gate.seen].toSorted()).toEqual(['team-a/app robot$acme+ci in', 'team-b/app _json_key in']);
      expect(ran.messages.filter((message) => message.startsWith('debug: credentials for'))).toContainEqual(
        expect.stringMatching(where),
      );
      const movers = ran.messages.filter((message) => message.includes('skopeo copies'));
      expect(movers).toHaveLength(copier === 'skopeo' ? 2 : 0);
      await expectNoSecret(ran, prepared);
      if (existsSync(at('calls')))
        expect(await readFile(at('calls'), 'utf8')).toMatch(/^get 127\.0\.0\.1:\d+\n$/);
    },
  );

  it('T8: an identity token of a helper is exchanged', async () => {
    registry.misbehave({ auth: { scheme: 'bearer', users: [robot] } });
    const PATH = await helper('demo', answers({ username: '<token>', password: robot.password }));
    await file('home/.docker/config.json', { credHelpers: { [registry.host]: 'demo' } });
    const ran = await run(registry.host, { copier }, { PATH });
    expect(ran.report.failed).toEqual([]);
    expect(ran.messages.filter((message) => message.startsWith('warning'))).toEqual([]);
    expect(await readFile(at('calls'), 'utf8')).toBe(`get ${registry.host}\n`);
  });

  it.each<[string, Omit<AuthSwitches, 'users'>]>([
    ['case B9: two challenges in two lines', { scheme: 'negotiate+basic' }],
    ['case B9: two challenges in one line', { scheme: 'both', oneLine: true }],
    [
      'case B10: an access_token without a lifetime',
      { scheme: 'bearer', token: { field: 'access_token', saysLifetime: false } },
    ],
  ])('%s', async (_, auth) => {
    registry.misbehave({ auth: { ...auth, users: [robot] } });
    const authFile = await file('auth.json', { auths: { [registry.host]: authOf(robot) } });
    const one = `${registry.host}/team-a/app:1`;
    const { report } = await run(registry.host, { copier, authFile, images: one });
    expect(report.failed).toEqual([]);
  });

  it.each([
    ['Basic', 'in plain words', 'basic', (words: string) => words],
    ['Bearer', 'in plain words', 'bearer', (words: string) => words],
    ['Basic', 'in JSON of its own', 'basic', (words: string) => JSON.stringify({ request: words })],
    [
      'Bearer',
      'in JSON within JSON',
      'bearer',
      (words: string) => JSON.stringify({ why: JSON.stringify({ request: words }) }),
    ],
  ] as const)(
    'T7: a login by %s that the registry repeats %s, and skopeo in its debug log, is told nowhere',
    async (_, __, scheme, bodyOf) => {
      const said = [robot.password, basic(robot), `password=${encodeURIComponent(robot.password)}`].join(
        '\n',
      );
      const failure = { kind: 'status', status: 400, body: bodyOf(said) } as const;
      const faults = [{ path: new RegExp(largestBlobOf(images['team-a/app'])), failure }];
      registry.misbehave({ auth: { scheme, users: [robot] }, faults });
      const authFile = await file('auth.json', { auths: { [registry.host]: authOf(robot) } });
      const lines = ['debug', 'info', 'trace'].flatMap((level) =>
        [said, 'x'.repeat(65_500) + said].map((text) => `level=${level} msg=${JSON.stringify(text)}\n`),
      );
      await file('noise', lines.map((line) => `time="2026-01-01T00:00:00Z" ${line}`).join(''));
      const real = toolPath('skopeo');
      const script = [
        '#!/bin/sh',
        `[ "$1" = --version ] && exec ${real} --version`,
        `cat '${at('noise')}' >&2`,
        `${real} "$@" 2> '${at('log')}'`,
        `code=$?; cat '${at('log')}' >&2; exit $code`,
      ];
      const skopeo = await file('skopeo', script.join('\n'), 0o755);
      const one = `${registry.host}/team-a/app:1`;
      const ran = await run(registry.host, { copier, authFile, images: one, skopeo });
      expect(ran.report.failed).toHaveLength(1);
      await expectNoSecret(ran, ['auth.json', 'noise', 'log']);
      // Tokens of that registry have this form.
      expect(JSON.stringify([ran.messages, ran.report])).not.toMatch(/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-/);
      expect(existsSync(at('log'))).toBe(copier === 'skopeo');
      if (copier === 'skopeo') expect(await readFile(at('log'), 'utf8')).toContain('level=debug');
    },
  );

  it('N4, case B12: a helper is asked again when its password ends in mid-run', async () => {
    const [first, second] = [
      { username: 'u', password: 'first-password' },
      { username: 'u', password: 'second-password' },
    ];
    const PATH = await helper(
      'ending',
      `if [ -e '${at('ended')}' ]; then\n${answers(second)}\nelse\n${answers(first)}\nfi`,
    );
    await file('home/.docker/config.json', { credHelpers: { [registry.host]: 'ending' } });
    // It ends when the first blob is asked for.
    const users = (): Credentials[] => {
      const blobs = registry.requests().some(({ path: asked }) => asked.includes('/blobs/'));
      if (blobs) writeFileSync(at('ended'), '');
      return [blobs ? second : first];
    };
    registry.clear();
    registry.misbehave({ auth: { scheme: 'basic', users } });
    const ran = await run(registry.host, { copier }, { PATH });
    expect(ran.report.failed).toEqual([]);
    expect(await readFile(at('calls'), 'utf8')).toBe(`get ${registry.host}\n`.repeat(2));
  });

  it('case B12: a password that ends in mid-run fails the rest, with its file, key and last time', async () => {
    const users = (): Credentials[] =>
      registry.requests().some(({ path: asked }) => asked.includes('/blobs/')) ? [] : [robot];
    registry.clear();
    registry.misbehave({ auth: { scheme: 'basic', users } });
    const authFile = await file('auth.json', { auths: { [registry.host]: authOf(robot) } });
    const { report } = await run(registry.host, { copier, authFile });
    expect(report.failed.map(({ class: kind }) => kind)).toEqual(['denied', 'denied']);
    for (const { message } of report.failed) {
      expect(message).toMatch(/auths '127\.0\.0\.1:\d+' in .*auth\.json; worked until \d\d:\d\d UTC\)/);
    }
  });
});

describe('case F6, T2: the users of a docker-registry', () => {
  let secured: DockerRegistry;
  beforeAll(async () => {
    secured = await startDockerRegistry({ users: { [robot.username]: robot.password } });
    await pushImage(secured.target, 'team-a/app', images['team-a/app'], '1');
  });
  afterAll(() => secured.close());

  describe.each(COPIERS)('by the copier %s', (copier) => {
    it.each([
      ['with a home that nothing can be written to', true],
      ['without a home', false],
    ])('read it %s', async (_, hasHome) => {
      await using disk = await smallDisk(1024 * 1024);
      const login = { auths: { [secured.host]: authOf(robot) } };
      const config = path.join(disk.path, '.docker/config.json');
      await mkdir(path.dirname(config));
      await writeFile(config, JSON.stringify(login));
      await disk.readOnly();
      const one = `${secured.host}/team-a/app:1`;
      const given = hasHome ? {} : { authFile: config };
      const ran = await run(
        secured.host,
        { copier, images: one, ...given },
        { HOME: hasHome ? disk.path : '' },
      );
      expect(ran.report.failed).toEqual([]);
      expect(ran.lock.images.map(({ digest }) => digest)).toEqual([images['team-a/app'].top]);
      expect(ran.messages.filter((message) => message.includes('skopeo copies'))).toHaveLength(
        copier === 'skopeo' ? 1 : 0,
      );
      expect(ran.messages.filter((message) => message.startsWith('warning'))).toEqual([]);
      await expectNoSecret(ran, []);
    });
  });
});

describe('before any request', () => {
  it.each([
    ['T4: a login without a password', 'line 1 has no password', 'r.example u'],
    ['two users of one registry', 'are both for r.example', 'r.example u p-one\nr.example v p-two'],
  ])('%s is refused', async (_, message, credentials) => {
    registry.clear();
    const error = await failureOf(run(registry.host, { credentials }));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining(message)]);
    expect(registry.requests()).toEqual([]);
  });
});

describe('case E3: of four files with four users', () => {
  it('the first in the documented order arrives at the registry', async () => {
    const user = (name: string): Credentials => ({ username: name, password: `password-of-${name}` });
    const places = [
      ['run/containers/auth.json', 'runtime'],
      ['home/.config/containers/auth.json', 'config'],
      ['home/.docker/config.json', 'docker'],
      ['home/.dockercfg', 'legacy'],
    ] as const;
    const door = await startUserGate(
      registry.host,
      Object.fromEntries(places.map(([, name]) => [`of-${name}/app`, user(name)])),
    );
    try {
      for (const [place, name] of places) {
        const entry = { [door.host]: authOf(user(name)) };
        await file(place, name === 'legacy' ? entry : { auths: entry });
      }
      for (const [place, name] of places) {
        // The door knows the user whatever he asks for.
        await run(door.host, { images: `${door.host}/of-${name}/app:1`, dryRun: true, onError: 'warn' });
        expect([...door.seen].at(-1)).toBe(`of-${name}/app ${name} in`);
        await rm(at(place));
      }
    } finally {
      await door.close();
    }
  });
});
