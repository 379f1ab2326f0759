import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save, type SaveResult } from '../../../src/commands/index.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { one } from '../../support/fixtures/index.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { pushImage } from '../../support/push.ts';
import { hasZot, startZot, type Zot } from '../../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const robot = { username: 'robot$a+ci', password: 'two  words & "three" colons:::' };
const bob = { username: 'bob', password: 'builder-4712' };
const layerBytes = 1200 * 1024;
/** Images, and who may read them; without anyone, everybody. */
const images = [
  { name: 'team-a/app', image: one({ seed: 'zot a', layerBytes }), user: robot },
  { name: 'team-b/app', image: one({ seed: 'zot b', layerBytes }), user: bob },
  { name: 'public/app', image: one({ seed: 'zot c', layerBytes }), user: undefined },
];

let zot: Zot | undefined;
let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('zot-logins');
  if (!hasZot()) return;
  const all = [robot, bob];
  zot = await startZot({
    users: Object.fromEntries(all.map(({ username, password }) => [username, password])),
    only: Object.fromEntries(
      images.map(({ name, user }) => [name, user === undefined ? [] : [user.username]]),
    ),
  });
  const { host } = zot;
  for (const { name, image, user } of images) {
    await pushImage({ host, ...(user === undefined ? {} : { credentials: user }) }, name, image, '1');
  }
});
afterAll(async () => {
  await zot?.close();
  await temp.close();
});

async function run(
  host: string,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Promise<SaveResult> {
  const options = parseOptions({
    images: images.map(({ name: image }) => `${host}/${image}:1`),
    platforms: 'linux/amd64',
    output: path.join(temp.path, name),
    cacheDir: path.join(temp.path, `${name}-store`),
    retries: 0,
    insecureRegistries: [host],
    ...given,
  });
  return save(options, { env: { HOME: temp.path, PATH: process.env['PATH'] ?? '' }, emit: () => {} });
}

describe('T3: a zot with a user for each team, and images for everybody', () => {
  it.each(['skopeo', 'direct'])('is read whole by the copier %s', async (copier) => {
    if (zot === undefined) return noteNotOnZot();
    const { host } = zot;
    const lines = [
      `${host}/team-a ${robot.username} ${robot.password}`,
      `${host}/team-b ${bob.username} ${bob.password}`,
    ];
    const credentials = lines.join('\n');
    const { report, lock } = await run(zot.host, copier, { copier, credentials });
    expect(report.failed).toEqual([]);
    expect(new Set(lock.images.map(({ digest }) => digest))).toEqual(
      new Set(images.map(({ image }) => image.top)),
    );
  });

  it('T10: does not give what is for everybody to a wrong login, and is not asked without it', async () => {
    if (zot === undefined) return noteNotOnZot();
    const credentials = `${zot.host} bob not-the-password`;
    const { report } = await run(zot.host, 'stale', { copier: 'direct', credentials });
    expect(report.failed.map(({ ref, class: kind }) => [ref.split(/[/:]/)[2], kind])).toEqual([
      ['team-a', 'denied'],
      ['team-b', 'denied'],
      ['public', 'denied'],
    ]);
    for (const { message, hint } of report.failed) {
      expect(message).toContain("credentials were sent and refused (line 1 of credentials, for '127.0.0.1:");
      expect(hint).toContain('Wrong credentials block public images, too');
    }
  });
});
