import { OciSaveError } from '../errors.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;

/** The proxies of an environment, under the one spelling that both this client and skopeo read. */
export type Proxies = Readonly<Partial<Record<(typeof VARIABLES)[number], string>>>;

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Node and skopeo differ where both spellings are set, and in what they take
 * as an address: after this they cannot. The lower case comes first and an address may lack its `http://`, as with curl;
 * HTTP_PROXY counts for nothing in a CGI program, where a request's header `Proxy` sets it.
 * @throws OciSaveError `usage` for what is not a proxy that is supported; nothing of it is shown, since it may have a
 *   password
 */
export function readProxies(env: Environment): Proxies {
  const proxies: Partial<Record<keyof Proxies, string>> = {};
  const bypass = env['no_proxy'] || env['NO_PROXY'];
  for (const variable of VARIABLES) {
    const names = [variable.toLowerCase(), variable].filter(
      (name) => !(name === 'HTTP_PROXY' && env['REQUEST_METHOD']),
    );
    const name = names.find((each) => (env[each] ?? '').trim() !== '');
    const value = name === undefined ? undefined : env[name]?.trim();
    if (name === undefined || value === undefined) continue;
    if (variable === 'NO_PROXY') proxies[variable] = value;
    // Nothing goes by a proxy then.
    else if (bypass?.trim() !== '*') proxies[variable] = addressOf(value, name);
  }
  return proxies;
}

function addressOf(value: string, variable: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]{0,19}):\/\//i.exec(value) ?? [];
  const url = URL.parse(scheme === undefined ? `http://${value}` : value);
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    throw invalid(`${variable} names a proxy of the kind ${scheme.toLowerCase()}, which is not supported`);
  }
  if (url === null || url.hostname === '') throw invalid(`${variable} is not the address of a proxy`);
  if (![url.username, url.password].every(isEncoded)) {
    throw invalid(`${variable} has a user or password with a % that is no escape of a character`);
  }
  return url.href;
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function invalid(message: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message,
    hint: 'Write http://host:port, or unset it. In a user or password, write %25 for a %.',
  });
}
