import { createHash } from 'node:crypto';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A job's cache service. Its variables exist only in the steps of actions. */
export interface CacheService {
  /** GitHub Enterprise Server, Gitea and Forgejo have the older one. */
  readonly protocol: 'v1' | 'v2';
  /** Ends with a slash. */
  readonly url: URL;
  /** A secret; empty where a local service does not need one. */
  readonly token: string;
}

/** The compressions of `saveCache`, which takes the one whose program it finds; each makes another version of an entry. */
export const COMPRESSIONS = ['zstd-without-long', 'gzip'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** The service, chosen as @actions/cache chooses it; else why there is none. */
export function findService(env: Environment): CacheService | { readonly missing: string } {
  const protocol = isServer(env['GITHUB_SERVER_URL']) || !env['ACTIONS_CACHE_SERVICE_V2'] ? 'v1' : 'v2';
  const results = env['ACTIONS_RESULTS_URL'] || '';
  const address = protocol === 'v2' ? results : env['ACTIONS_CACHE_URL'] || results;
  const token = env['ACTIONS_RUNTIME_TOKEN'] || '';
  if (address === '') return { missing: 'this runner names no cache service' };
  if (token === '' && protocol === 'v2') {
    return { missing: 'this runner gives no token for its cache service' };
  }
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol))
    return { missing: 'the address of the cache service is not an http or https URL' };
  return { protocol, url, token };
}

/** Whether the server is self-hosted: not github.com, its data residency, or a test's localhost. */
function isServer(serverUrl: string | undefined): boolean {
  const host = URL.parse(serverUrl || 'https://github.com')?.hostname.toLowerCase() ?? '';
  return !(host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost'));
}

const READING = new Set(['read', 'write']);
const WRITING = new Set(['write', 'write-only']);
const MODES = new Set(['none', ...READING, ...WRITING]);

/** What the job's token may do, as the runner says; an unknown word forbids nothing. */
export function allowed(env: Environment): { readonly readable: boolean; readonly writable: boolean } {
  const mode = (env['ACTIONS_CACHE_MODE'] ?? '').trim().toLowerCase();
  const unknown = !MODES.has(mode);
  return { readable: unknown || READING.has(mode), writable: unknown || WRITING.has(mode) };
}

/** The version of an entry, beside its key: `saveCache` computes it from the paths as they are written. */
export function versionOf(folder: string, compression: Compression, platform: string): string {
  const parts = [folder, compression, ...(platform === 'win32' ? ['windows-only'] : []), '1.0'];
  return createHash('sha256').update(parts.join('|')).digest('hex');
}
