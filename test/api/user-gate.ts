import { createServer, request as httpRequest } from 'node:http';
import { closable, type Closable } from '../support/closable.ts';
import { basic, type Credentials } from '../support/http.ts';
import { listen } from '../support/listen.ts';

export interface UserGate extends Closable {
  readonly host: string;
  /** `repository user status` of every request that named a user, each once. */
  readonly seen: ReadonlySet<string>;
}

/** A door before a registry that lets one user into each repository, as GitLab and Harbor do with project tokens. */
export async function startUserGate(
  upstream: string,
  users: Readonly<Record<string, Credentials>>,
): Promise<UserGate> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    const { url = '/', method, headers } = request;
    const repository = Object.keys(users).find((name) => url.startsWith(`/v2/${name}/`));
    const allowed = repository === undefined ? undefined : users[repository];
    const given = Object.values(users).find((user) => basic(user) === headers.authorization);
    const enters = allowed !== undefined && given === allowed;
    if (given && repository) seen.add(`${repository} ${given.username} ${enters ? 'in' : 'out'}`);
    if (!enters) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="gate"' }).end();
      return;
    }
    const forward = httpRequest(new URL(url, `http://${upstream}`), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forward.once('error', () => response.destroy());
    request.pipe(forward);
  });
  const { host, end } = await listen(server);
  return closable({ host, seen }, end);
}
