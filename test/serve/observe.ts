import { call } from '../support/http.ts';
import type { Listing, Rule } from './rules.ts';
import { errorCode } from './serving.ts';
import { sha256 } from './tree.ts';

/** The rule as it turns out on a server: equal to the rule itself where that holds. */
export async function observe(url: string, rule: Rule): Promise<Rule> {
  const { what, path, range } = rule;
  const answer = await call(url + path, { headers: range === undefined ? {} : { range } });
  const header = String(answer.headers['docker-content-digest']);
  return {
    what,
    path,
    ...(range === undefined ? {} : { range }),
    status: answer.status,
    ...(rule.code === undefined ? {} : { code: errorCode(answer) }),
    ...(rule.type === undefined ? {} : { type: String(answer.headers['content-type']) }),
    ...(rule.bytes === undefined ? {} : { bytes: answer.body.length }),
    ...(rule.digest === undefined
      ? {}
      : { digest: sha256(answer.body) === header ? header : 'not the body' }),
    ...(rule.head === undefined ? {} : { head: await observeHead(url + path, answer) }),
  };
}

/** `as GET` where HEAD has the status and the headers of GET and no body. */
async function observeHead(url: string, get: Awaited<ReturnType<typeof call>>): Promise<string> {
  const head = await call(url, { method: 'HEAD' });
  if (head.body.length > 0) return 'a body';
  if (head.status !== get.status) return `status ${head.status}`;
  if (head.status !== 200) return 'as GET';
  if (head.headers['content-length'] !== String(get.body.length)) return 'another length';
  const differing = ['content-type', 'docker-content-digest'].find(
    (name) => head.headers[name] !== get.headers[name],
  );
  return differing === undefined ? 'as GET' : `another ${differing}`;
}

/** The listing as it turns out on a server: equal to the listing itself where that holds. */
export async function observeListing(url: string, { path }: Listing): Promise<Listing> {
  const answer = await call(url + path);
  const json: unknown = answer.status === 200 ? JSON.parse(answer.body.toString()) : answer.status;
  return {
    path,
    json,
    type: answer.headers['content-type'],
    filters: answer.headers['oci-filters-applied']?.toString(),
  };
}

/** One after the other, so that a failing run names the first. */
export async function observeAll<T>(items: readonly T[], look: (item: T) => Promise<T>): Promise<T[]> {
  const seen: T[] = [];
  for (const item of items) seen.push(await look(item));
  return seen;
}
