import { type Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly agent?: HttpAgent | HttpsAgent;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One plain request, redirects not followed. Certificates are the agent's business; without one none is checked. */
export async function call(url: URL | string, options: HttpCall = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, agent } = options;
  const target = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const init = { method, headers: { ...headers, ...length }, agent, rejectUnauthorized: agent !== undefined };
  return new Promise((resolve, reject) => {
    const request = target.protocol === 'https:' ? httpsRequest(target, init) : httpRequest(target, init);
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.end(body);
  });
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
