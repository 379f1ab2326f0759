import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from '../../src/errors.ts';
import type { CredentialStore, Mirror, Repository } from '../../src/registry/index.ts';
import { createSkopeoEnvironment, findSkopeo } from '../../src/skopeo/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { one, sbomOf, signatureOf } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { systemTrust } from '../support/trust.ts';
import { startCopying } from './copying.ts';

const image = one({ layerBytes: 1_200_000 });
const moved = one({ layerBytes: 1_200_000, seed: 'moved' });
const layer = largestBlobOf(image);

let mirror: BadRegistry;
let origin: BadRegistry;
beforeAll(async () => {
  mirror = await startBadRegistry({ images: { 'hub/library/one:1': image } });
  origin = await startBadRegistry({ images: { 'library/one:1': image, 'library/two:1': moved } });
});
afterAll(async () => {
  await mirror.close();
  await origin.close();
});
beforeEach(() => {
  for (const registry of [mirror, origin]) {
    registry.misbehave({});
    registry.clear();
  }
});

const userOf = ({ domain }: Repository): string => (domain === origin.host ? 'origins' : 'mirrors');
const credentials: CredentialStore = {
  find: async (repository) => ({ username: userOf(repository), password: `of ${userOf(repository)}` }),
};

interface Outcome {
  readonly mover: string | undefined;
  readonly said: readonly string[];
  readonly notes: readonly string[];
  readonly names: readonly string[];
  readonly digest: string;
}

/** Resolves and copies an image of the origin, which has this mirror. */
async function copyOf(
  name: string,
  copier: 'skopeo' | 'direct',
  rules?: readonly Mirror[],
): Promise<Outcome> {
  const mirrors = rules ?? [{ prefix: origin.host, location: `${mirror.host}/hub` }];
  await using bench = await startCopying([mirror.host, mirror.otherHost, origin.host], {
    mirrors,
    credentials,
  });
  const [resolved] = await bench.images([`${origin.host}/${name}`]);
  const skopeo = await findSkopeo({ kind: 'auto' }, process.env);
  const environment = await createSkopeoEnvironment(bench.store.runFolder, process.env, await systemTrust());
  const given = { copier, credentials, skopeoTools: async () => ({ skopeo, environment }) };
  const { movers, failures } = await bench.copy(resolved === undefined ? [] : [resolved], given);
  expect(failures).toEqual(new Map());
  const large = name === 'library/two:1' ? largestBlobOf(moved) : layer;
  return {
    mover: movers.get(large),
    said: bench.said,
    notes: resolved?.notes ?? [],
    names: resolved?.names ?? [],
    digest: resolved?.digest ?? '',
  };
}

describe.each(['skopeo', 'direct'] as const)('S9, N12: a mirror, and copier %s', (copier) => {
  it('gives all of an image under its own name, and the registry itself is not asked', async () => {
    const { mover, said, notes, names, digest } = await copyOf('library/one:1', copier);
    expect([mover, said, digest]).toEqual([copier, [], image.top]);
    expect([names, notes]).toEqual([
      [`${origin.host}/library/one:1`],
      [`read from the mirror ${mirror.host}`],
    ]);
    expect(origin.requests()).toEqual([]);
  });

  it('that does not have it: the registry is asked, and that is said', async () => {
    const { mover, said, notes } = await copyOf('library/two:1', copier);
    expect([mover, notes]).toEqual([
      copier,
      [`not all of it came from the mirror ${mirror.host} (not-found)`],
    ]);
    expect(said).toEqual([
      expect.stringMatching(
        `^${origin.host}/library/two: the mirror does not give it: ${mirror.host}/hub/library/two:1: .*; the next place is asked$`,
      ),
    ]);
  });

  it('that lacks a layer: the registry gives it', async () => {
    mirror.misbehave({
      faults: [{ path: new RegExp(`blobs/${layer}`), failure: { kind: 'status', status: 404 } }],
    });
    const { mover, said } = await copyOf('library/one:1', copier);
    expect([mover, said.length]).toEqual(['direct', 1]);
    expect(origin.requests({ kind: 'blob' }).map(({ path }) => path)).toEqual([
      `/v2/library/one/blobs/${layer}`,
    ]);
  });

  it.each([
    ['has wrong bytes of a layer', { kind: 'flip' }, 'the mirror does not give it: '],
    ['breaks a layer off each time', { kind: 'cut', at: 0.5 }, 'is not asked any more: '],
  ] as const)('that %s: the registry gives it', async (_, failure, words) => {
    mirror.misbehave({ faults: [{ path: new RegExp(`blobs/${layer}`), failure }] });
    const { mover, said, notes } = await copyOf('library/one:1', copier);
    expect([mover, said, notes]).toEqual([
      'direct',
      [expect.stringContaining(words)],
      [`read from the mirror ${mirror.host}`],
    ]);
    expect(origin.requests({ kind: 'blob' }).map(({ path }) => path)).toEqual([
      `/v2/library/one/blobs/${layer}`,
    ]);
  });

  it('has credentials of its own: none go to another place', async () => {
    for (const [registry, username] of [[mirror, 'mirrors'] as const, [origin, 'origins'] as const])
      registry.misbehave({ auth: { scheme: 'basic', users: [{ username, password: `of ${username}` }] } });
    expect((await copyOf('library/one:1', copier)).mover).toBe(copier);
    expect((await copyOf('library/two:1', copier)).mover).toBe(copier);
    for (const registry of [mirror, origin]) {
      const refused = registry
        .requests()
        .filter(({ authorization, status }) => authorization && status === 401);
      expect(refused).toEqual([]);
    }
    expect(origin.requests().some(({ authorization }) => authorization)).toBe(true);
  });

  it('that gives nothing more: the registry gives the rest', async () => {
    const failure = {
      kind: 'status',
      status: 429,
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit"}]}',
    } as const;
    mirror.misbehave({ faults: [{ path: new RegExp(`blobs/${layer}`), failure }] });
    const { mover, said } = await copyOf('library/one:1', copier);
    expect(mover).toBe('direct');
    expect(said).toEqual([expect.stringContaining('the mirror does not give it')]);
    expect(origin.requests({ kind: 'blob' }).map(({ path }) => path)).toEqual([
      `/v2/library/one/blobs/${layer}`,
    ]);
  });

  it.each([502, 404, 401])(
    'case B8: the first of two that answers %i: the next one gives it under its own name, and the log has both',
    async (status) => {
      const login = { username: 'mirrors', password: 'of mirrors' };
      mirror.misbehave({
        auth: { scheme: 'basic', users: [login] },
        faults: [{ path: /^\/v2\/sick\//, failure: { kind: 'status', status } }],
      });
      const two = [`${mirror.host}/sick`, `${mirror.otherHost}/hub`];
      const rules = two.map((location) => ({ prefix: origin.host, location }));
      const { mover, said, names, notes, digest } = await copyOf('library/one:1', copier, rules);
      expect([mover, digest, names]).toEqual([copier, image.top, [`${origin.host}/library/one:1`]]);
      expect(said).toEqual([
        expect.stringMatching(
          `^${status === 502 ? `the mirror ${mirror.host} is not asked any more` : `${origin.host}/library/one: the mirror does not give it`}: ${mirror.host}/sick/library/one:1: .*${status}.*; the next place is asked$`,
        ),
      ]);
      expect(notes).toContain(`read from the mirror ${mirror.otherHost}`);
      expect(origin.requests()).toEqual([]);
      // Who was refused with a login is not asked again without it.
      const sick = mirror.requests().filter(({ path }) => path.startsWith('/v2/sick/'));
      const withLogin = sick.map(({ authorization }) => authorization);
      expect(withLogin).toContain(true);
      expect(withLogin.slice(withLogin.indexOf(true))).not.toContain(false);
    },
  );

  it('that is not there: it is asked once, and the registry for the rest', async () => {
    const gone = [{ prefix: origin.host, location: '127.0.0.1:9/hub' }];
    const { mover, said, notes } = await copyOf('library/one:1', copier, gone);
    expect([mover, notes]).toEqual([copier, ['not all of it came from the mirror 127.0.0.1:9 (network)']]);
    expect(said).toEqual([expect.stringContaining('refuses the connection (ECONNREFUSED)')]);
  });
});

describe('a mirror’s answer', () => {
  it('that has another digest than what was asked for counts for nothing', async () => {
    mirror.misbehave({ faults: [{ path: /manifests\/sha256:/, failure: { kind: 'flip' } }] });
    const mirrors = [{ prefix: origin.host, location: `${mirror.host}/hub` }];
    await using bench = await startCopying([mirror.host, origin.host], { mirrors });
    const [resolved] = await bench.images([`${origin.host}/library/one@${image.top}`]);
    expect(resolved?.digest).toBe(image.top);
    expect(origin.requests({ kind: 'manifest', method: 'GET' }).length).toBe(1);
  });

  it('is no secret’s key: what a repository gave for credentials is not here because a mirror says that it has it', async () => {
    const mirrors = [{ prefix: origin.host, location: `${mirror.host}/hub` }];
    await using plain = await startCopying([origin.host]);
    await using mirrored = await startCopying([mirror.host, origin.host], { mirrors });
    const names = async (bench: typeof plain): Promise<(string | undefined)[]> =>
      (await bench.images([`${origin.host}/library/one:1`])).map(({ content }) => content?.name);
    expect(await names(plain)).toEqual([`${origin.host}/library/one`]);
    expect(await names(mirrored)).toEqual([
      `${origin.host}/library/one (mirrored by ${mirror.host}/hub/library/one)`,
    ]);
  });

  it('where no place has an image, the registry’s own error is the image’s, with what the mirror said', async () => {
    const mirrors = [{ prefix: origin.host, location: `${mirror.host}/hub` }];
    await using bench = await startCopying([mirror.host, origin.host], { mirrors });
    const error = await failureOf(bench.images([`${origin.host}/library/none:1`]));
    expect([error.code, error.message.startsWith(`${origin.host}/library/none:1: ${origin.host}`)]).toEqual([
      'not-found',
      true,
    ]);
    expect(error.message).toMatch(
      new RegExp(`; the mirror was asked before: ${mirror.host} answered 404 [^;]*$`),
    );
    expect(bench.said.length).toBe(1);
  });
});

describe('F6, S9: referrers of what a mirror has', () => {
  const signed = one({ seed: 'signed', layerBytes: 100 });
  const both = signatureOf(signed);
  const own = sbomOf(signed);
  beforeAll(() => {
    mirror.put('hub/library/signed', signed, '1');
    origin.put('library/signed', signed, '1');
    for (const image of [both, own]) origin.put('library/signed', image);
    mirror.put('hub/library/signed', both);
  });
  const rules = () => [{ prefix: origin.host, location: `${mirror.host}/hub` }];
  const find = async () => {
    await using bench = await startCopying([mirror.host, origin.host], { mirrors: rules() });
    const { resolved, failed } = await bench.resolve([`${origin.host}/library/signed:1`], {
      referrers: 'all',
    });
    return { found: resolved[0]?.referrers.map(({ digest }) => digest), failed, said: bench.said };
  };

  it('are those of the registry in addition: it may have been copied before it was signed', async () => {
    const { found, said } = await find();
    expect(found).toEqual([both.top, own.top].toSorted());
    // The mirror lacks the manifest of the other one.
    expect(said).toEqual([
      expect.stringContaining(`the mirror does not give it: ${mirror.host}/hub/library/signed@`),
    ]);
  });

  it('are not those of the mirror alone where the registry does not tell: the image fails', async () => {
    origin.misbehave({ faults: [{ path: /\/referrers\//, failure: { kind: 'status', status: 503 } }] });
    const { failed } = await find();
    expect(failed.map(({ error }) => error)).toMatchObject([
      {
        code: 'network',
        message: expect.stringContaining(
          `; the mirror was asked before: ${mirror.host} lists some referrers`,
        ),
        hint: expect.stringContaining('may have more than the mirror lists'),
      },
    ]);
  });
});

describe('a registry that is not reached, and whose mirror', () => {
  /** Nobody listens there. */
  const away = '127.0.0.1:9';
  interface Given {
    readonly location?: string;
    readonly known?: readonly string[];
    readonly referrers?: 'signatures';
  }
  const failing = async ({ location = `${mirror.host}/hub`, known = [mirror.host], referrers }: Given) => {
    const mirrors = [{ prefix: away, location }];
    await using bench = await startCopying(known, { mirrors, retries: 1, retryMilliseconds: 1 });
    const given = referrers === undefined ? {} : { referrers };
    const { failed } = await bench.resolve([`${away}/library/one:1`, `${away}/library/none:1`], given);
    return { failed };
  };

  it('lacks the image: the failure has what both said', async () => {
    const { failed } = await failing({});
    expect(failed.map(({ error }) => messageOf(error))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${away}/library/none:1: ${away} refuses the connection .*; the mirror was asked before: ${mirror.host} answered 404`,
        ),
      ),
    ]);
    expect(failed[0]?.error).toMatchObject({
      code: 'network',
      hint: expect.stringContaining('put it there'),
    });
  });

  it('refuses a login: its hint is that of the failure', async () => {
    mirror.misbehave({ auth: { scheme: 'basic', users: [{ username: 'u', password: 'p' }] } });
    const { failed } = await failing({});
    expect(failed[0]?.error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/; the mirror was asked before: .* 401/),
      hint: expect.stringMatching(`^For the mirror ${mirror.host}: .*docker login ${mirror.host}`),
    });
  });

  it('speaks plain HTTP and is not trusted to: the failure names the option', async () => {
    const { failed } = await failing({ known: [] });
    expect(failed[0]?.error).toMatchObject({
      message: expect.stringContaining(`the mirror was asked before: ${mirror.host} does not speak TLS`),
      hint: expect.stringContaining('--insecure-registries'),
    });
  });

  it('is down as well: the failure of each image says so', async () => {
    const { failed } = await failing({ location: '127.0.0.1:7/hub' });
    expect(failed.map(({ error }) => messageOf(error))).toEqual([
      expect.stringContaining('asked before: 127.0.0.1:7 refuses the connection'),
      expect.stringContaining('asked before: 127.0.0.1:7 refuses the connection'),
    ]);
  });

  it('has an image and no referrers: the failure says why the registry was asked, and what helps', async () => {
    const { failed } = await failing({ referrers: 'signatures' });
    const saved = failed.find(({ wanted }) => wanted.ref.includes('/one'));
    expect(saved?.error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(
        new RegExp(`the mirror was asked before: ${mirror.host} (lists no referrers|has no such tag)`),
      ),
      hint: expect.stringMatching(/copy the signatures to the mirror.*--referrers none/),
    });
  });
});
