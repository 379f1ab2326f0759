import { chmod, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SaveEvent, saveImagesWithAuth, type SaveImagesOptions } from '../../src/api.ts';
import { d2, one } from '../support/fixtures/index.ts';
import { failureOf } from '../support/failure.ts';
import { basic } from '../support/http.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { filesOf } from '../support/whole-bundle.ts';
import { startUserGate, type UserGate } from './user-gate.ts';

const alice = { username: 'alice', password: 'wonderland-4711' };
const bob = { username: 'bob', password: 'builder-4712' };
const carol = { username: 'carol', password: 'carol-4713' };
/** As they are, and as headers and auth files have them. */
const SECRETS = [alice, bob, carol].flatMap((user) => [user.password, basic(user).slice('Basic '.length)]);

const images = { 'team-a/app': one({ seed: 'a' }), 'team-b/app': d2({ seed: 'b' }), 'team-c/app': one() };

let registry: DockerRegistry;
let gate: UserGate;
let work: Workplace;
let events: SaveEvent[];
let options: SaveImagesOptions;

beforeAll(async () => {
  registry = await startDockerRegistry();
  for (const [name, image] of Object.entries(images)) await pushImage(registry.target, name, image, '1');
  gate = await startUserGate(registry.host, { 'team-a/app': alice, 'team-b/app': bob, 'team-c/app': carol });
  work = await workplace();
  events = [];
  // skopeo, with what any process of the machine can read of it written down.
  const spy = `#!/bin/sh\n{ echo "$*"; env; } >> ${work.file('skopeo.log')}\nexec ${toolPath('skopeo')} "$@"\n`;
  await writeFile(work.file('skopeo'), spy);
  await chmod(work.file('skopeo'), 0o755);
  const { username, password } = carol;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  await writeFile(work.file('auth.json'), JSON.stringify({ auths: { [gate.host]: { auth } } }));
  options = {
    env: work.env,
    insecureRegistries: [gate.host],
    skopeo: work.file('skopeo'),
    authFile: work.file('auth.json'),
    onEvent: (event) => events.push(event),
  };
});
afterAll(async () => {
  await work.close();
  await gate.close();
  await registry.close();
});

describe('saveImagesWithAuth', () => {
  it('reads each section’s images as its user, and shows no password anywhere', async () => {
    await writeFile(work.file('more.txt'), `${gate.host}/team-c/app:1\n`);
    const { report, lock } = await saveImagesWithAuth(
      [
        { registry: gate.host, ...alice, images: ['team-a/app:1'] },
        { registry: gate.host, ...bob, images: ['team-b/app:1'] },
        { ...bob, images: [] },
      ],
      work.file('out'),
      'linux/amd64',
      { ...options, imageList: work.file('more.txt') },
    );
    expect(new Set(lock.images.map(({ digest }) => digest))).toEqual(
      new Set(Object.values(images).map(({ top }) => top)),
    );
    // Carol's came from the list, by the auth file, which has a key for the whole registry.
    expect([...gate.seen].toSorted()).toEqual([
      'team-a/app alice in',
      'team-b/app bob in',
      'team-c/app carol in',
    ]);
    expect(report.warnings.map(({ message }) => message)).toContain(
      `1 image without a registry: ${gate.host} is meant; the first is 'team-b/app:1'`,
    );
    const log = await readFile(work.file('skopeo.log'), 'utf8');
    expect(log.match(/--src-authfile/g)).toHaveLength(3);
    const written = await Promise.all(
      [...(await filesOf(work.folder)).keys()]
        .filter((file) => file !== 'auth.json')
        .map((file) => readFile(work.file(file), 'latin1')),
    );
    const said = [JSON.stringify([report, lock, events]), log, ...written];
    for (const secret of SECRETS) expect(said.some((text) => text.includes(secret))).toBe(false);
    for (const { password } of [alice, bob]) expect(JSON.stringify(process.env)).not.toContain(password);
  });

  it('fails for a wrong password without trying another user’s', async () => {
    const sections = [{ registry: gate.host, ...alice, password: 'wrong-4714', images: ['team-c/app:1'] }];
    const error = await failureOf(
      saveImagesWithAuth(sections, work.file('wrong'), 'linux/amd64', {
        ...options,
        cacheDir: work.file('s'),
      }),
    );
    expect(error.code).toBe('denied');
    expect(error.message).not.toContain('wrong-4714');
  });

  it('names the section and the entry that cannot be read', async () => {
    const sections = [
      { registry: gate.host, ...alice, images: ['team-a/app:1'] },
      { ...bob, images: ['team-b/app:1', 'Bad/Name'] },
    ];
    const error = await failureOf(saveImagesWithAuth(sections, work.file('bad'), '', options));
    expect(error.code).toBe('list');
    expect(error.message).toContain('sections[1].images:2');
    const conflict = [...sections.slice(0, 1), { registry: gate.host, ...bob, images: ['team-a/app:1'] }];
    expect(await failureOf(saveImagesWithAuth(conflict, work.file('bad'), '', options))).toMatchObject({
      code: 'usage',
    });
  });
});
