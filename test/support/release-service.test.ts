import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type HttpAnswer } from './http.ts';
import { type ReleaseService, startReleaseService, WRITER } from './release-service/index.ts';

/** With its JSON, of whatever form. */
type Answer = HttpAnswer & { readonly json: ReturnType<typeof JSON.parse> };

let service: ReleaseService;
beforeEach(async () => {
  service = await startReleaseService({ maxFileBytes: 1000, maxFiles: 3 });
});
afterEach(() => service.close());

const HEADERS = { authorization: `token ${WRITER}`, 'x-github-api-version': '2022-11-28' };

async function api(method: string, path: string, body?: unknown): Promise<Answer> {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = { ...HEADERS, ...(bytes === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await call(`${service.url}/repos/org/site${path}`, {
    method,
    headers,
    ...(bytes === undefined ? {} : { body: bytes }),
  });
  return { ...answer, json: answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString()) };
}

async function draft(): Promise<{
  id: number;
  upload: (name: string, bytes: Uint8Array) => Promise<Answer>;
}> {
  const { json } = await api('POST', '/releases', { tag_name: 'v1', draft: true });
  const url = String(json.upload_url).replace('{?name,label}', '');
  return {
    id: json.id,
    async upload(name, bytes) {
      const headers = { ...HEADERS, 'content-type': 'application/octet-stream' };
      const answer = await call(`${url}?name=${encodeURIComponent(name)}`, {
        method: 'POST',
        headers,
        body: bytes,
      });
      return { ...answer, json: JSON.parse(answer.body.toString()) };
    },
  };
}

describe('the release service of the tests', () => {
  it('keeps GitHub’s rules for assets', async () => {
    const { id, upload } = await draft();
    const [first, empty, large, twice, odd, hidden, full] = [
      await upload('a', Buffer.from('abc')),
      await upload('b', new Uint8Array()),
      await upload('b', new Uint8Array(1001)),
      await upload('a', Buffer.from('x')),
      await upload('my file (1).tar', Buffer.from('x')),
      await upload('.hidden', Buffer.from('x')),
      await upload('d', Buffer.from('x')),
    ];
    expect(first.json).toMatchObject({
      name: 'a',
      size: 3,
      state: 'uploaded',
      digest: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(empty.json.errors[0].message).toBe('size is not included in the list');
    expect(large.json.errors[0].message).toBe('size must be less than or equal to 1000');
    expect(twice.json.errors[0]).toMatchObject({ code: 'already_exists', resource: 'ReleaseAsset' });
    expect([odd.json.name, hidden.json.name]).toEqual(['my.file.1.tar', 'default.hidden']);
    expect(full.json.errors[0].message).toBe('file_count limited to 3 assets per release');
    expect((await api('GET', `/releases/${id}/assets?per_page=2&page=2`)).json).toHaveLength(1);
    expect((await api('GET', `/releases/${id}/assets?per_page=2`)).headers['link']).toContain('rel="next"');
    expect(service.violations).toEqual([]);
  });

  it('hides drafts from tags, and makes published releases immutable where the repository says so', async () => {
    service.set({ immutableReleases: true });
    const { id, upload } = await draft();
    await upload('a', Buffer.from('abc'));
    expect((await api('GET', '/releases/tags/v1')).status).toBe(404);
    expect((await api('PATCH', `/releases/${id}`, { tag_name: 'v1', draft: false })).json).toMatchObject({
      draft: false,
      immutable: true,
    });
    expect((await api('GET', '/releases/tags/v1')).status).toBe(200);
    expect((await upload('b', Buffer.from('x'))).json.message).toBe(
      'Cannot upload assets to an immutable release.',
    );
    expect(service.violations).toEqual([]);
  });

  it('drops the tag of a draft that an edit leaves out, and publishes the draft without it', async () => {
    const { id } = await draft();
    const { json } = await api('GET', `/releases/${id}`);
    expect(json).toMatchObject({
      tag_name: 'v1',
      html_url: expect.stringMatching(/\/tag\/untagged-[0-9a-f]{20}$/),
    });
    const lost = { tag_name: expect.stringMatching(/^untagged-[0-9a-f]{20}$/), target_commitish: 'main' };
    expect((await api('PATCH', `/releases/${id}`, { body: 'x' })).json).toMatchObject({
      ...lost,
      draft: true,
    });
    const bound = { tag_name: 'v1', draft: true };
    expect((await api('PATCH', `/releases/${id}`, { tag_name: 'v1' })).json).toMatchObject(bound);
    expect((await api('PATCH', `/releases/${id}`, { draft: false })).json).toMatchObject({
      ...lost,
      draft: false,
    });
    expect((await api('GET', '/releases/tags/v1')).status).toBe(404);
    // What is published keeps its tag.
    await api('PATCH', `/releases/${id}`, { tag_name: 'v1' });
    expect((await api('PATCH', `/releases/${id}`, { body: 'y' })).json).toMatchObject({ tag_name: 'v1' });
    expect(service.violations).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'an unknown field',
      () => api('POST', '/releases', { tag_name: 'v1', draught: true }),
      /body draught is unknown/,
    ],
    ['a wrong type', () => api('POST', '/releases', { tag_name: 1 }), /body\/tag_name must be string/],
    ['an unknown parameter', () => api('GET', '/releases?perpage=1'), /query perpage is unknown/],
    ['an unknown operation', () => api('PUT', '/releases'), /PUT .* is no operation/],
  ])('tells of what GitHub’s description does not know: %s', async (_, ask, words) => {
    // A wrong type breaks the handler as well.
    await ask().catch(() => undefined);
    expect(service.violations.join('\n')).toMatch(words);
  });
});
