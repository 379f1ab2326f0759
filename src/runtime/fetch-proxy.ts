import http from 'node:http';
import { OciSaveError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * Lets fetch go through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name: it does not look by itself. For
 * entries alone, since it holds for the whole process; requests to registries have agents of their own.
 * @throws OciSaveError `usage` where a proxy is no address
 */
export function letFetchUseProxies(env: Environment): void {
  // Node has it since 24.14; its types always.
  const { setGlobalProxyFromEnv: set }: Partial<Pick<typeof http, 'setGlobalProxyFromEnv'>> = http;
  const given = NAMES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  if (given.length === 0 || set === undefined) return;
  try {
    set(Object.fromEntries(given));
  } catch {
    // Not as a cause: it would show the proxy's address, and a password in it.
    const names = given.map(([name]) => name).filter((name) => !/^no_proxy$/i.test(name));
    throw new OciSaveError({
      code: 'usage',
      message: `${names.join(' or ')} is no address of a proxy`,
      hint: 'Write http://host:port.',
    });
  }
}
