import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closable, type Closable } from '../closable.ts';
import { until } from '../deadline.ts';
import { call, type Credentials } from '../http.ts';
import { outputOf, startDaemon } from '../program.ts';
import type { PushTarget } from '../push.ts';
import { tempFolder } from '../temp.ts';
import { toolPath } from '../tools.ts';
import { type AccessLog, accessLog, MARK } from './access-log.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

export interface DockerRegistryOptions {
  /** Users by name with their passwords; nobody else may do anything. */
  readonly users?: Readonly<Record<string, string>>;
  /** HTTPS by a private authority; `mutual` asks for a client's certificate as well. */
  readonly tls?: 'server' | 'mutual';
  /** A storage tree to serve instead of an empty one; it stays when the registry is closed. */
  readonly root?: string;
  readonly readOnly?: boolean;
  /** A cache of descriptors in memory, as most installations have one: it does not notice what is collected beside it. */
  readonly cached?: boolean;
  /** A fixed port, to start again where one was stopped. */
  readonly port?: number;
  /** Of an index, the platforms whose children have to be there; distribution 3 alone knows it. Default: all. */
  readonly wantedChildren?: 'none' | readonly { readonly os: string; readonly architecture: string }[];
  /** Another program with the same configuration: distribution v3's `registry`. */
  readonly program?: string;
}

export interface DockerRegistry extends Closable, AccessLog {
  /** `127.0.0.1:PORT`, as references have it. */
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly root: string;
  readonly certificates: Certificates | undefined;
  /** For `pushImage`: as the first user where there are users. */
  readonly target: PushTarget;
  /** Collects garbage with the registry's own program, beside the one that runs. */
  collectGarbage(): Promise<void>;
}

/** Starts Debian's docker-registry on a free port of loopback and waits until it answers. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const {
    users = {},
    tls,
    root,
    readOnly = false,
    cached = false,
    port = 0,
    wantedChildren,
    program = toolPath('docker-registry'),
  } = options;
  const folder = await tempFolder('reg');
  const storage = root ?? join(folder.path, 'storage');
  const certificates = tls === undefined ? undefined : await makeCertificates(folder.path);
  const config = join(folder.path, 'config.yml');
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'info', accesslog: { disabled: false } },
      storage: {
        filesystem: { rootdirectory: storage },
        delete: { enabled: true },
        ...(cached ? { cache: { blobdescriptor: 'inmemory' } } : {}),
        maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readOnly } },
      },
      http: {
        addr: `127.0.0.1:${port}`,
        secret: 'a shared secret',
        ...(certificates === undefined ? {} : { tls: tlsSection(certificates, tls === 'mutual') }),
      },
      // Foreign layers may name any address.
      validation: {
        manifests: { urls: { allow: ['^https?://'] }, ...indexesSection(wantedChildren) },
      },
      ...(Object.keys(users).length === 0 ? {} : { auth: await authSection(folder.path, users) }),
    }),
  );
  const daemon = startDaemon(program, ['serve', config]);
  const end = async (): Promise<void> => {
    await daemon.close();
    await folder.close();
  };
  try {
    const [, given] = await daemon.line(/listening on (?:127\.0\.0\.1|\[::\]):(\d+)/);
    const host = `127.0.0.1:${given}`;
    const url = `${certificates === undefined ? 'http' : 'https'}://${host}`;
    if (tls !== 'mutual') await until(`${url}/v2/`, async () => ((await answers(url)) ? true : undefined));
    const ca = certificates === undefined ? {} : { ca: await readFile(certificates.ca, 'utf8') };
    const target = { host, ...ca, ...firstUser(users) };
    const collectGarbage = async (): Promise<void> => {
      await outputOf(program, ['garbage-collect', config]);
    };
    const fields = { host, port: Number(given), url, root: storage, certificates, target, collectGarbage };
    return closable({ ...fields, ...accessLog(url, daemon.lines) }, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function answers(url: string): Promise<boolean> {
  const { status } = await call(`${url}${MARK}ready`);
  return status === 200 || status === 401;
}

function tlsSection({ serverCert, serverKey, ca }: Certificates, mutual: boolean): Record<string, unknown> {
  return { certificate: serverCert, key: serverKey, ...(mutual ? { clientcas: [ca] } : {}) };
}

function indexesSection(wanted: DockerRegistryOptions['wantedChildren']): Record<string, unknown> {
  if (wanted === undefined) return {};
  return {
    indexes: wanted === 'none' ? { platforms: 'none' } : { platforms: 'list', platformlist: wanted },
  };
}

async function authSection(
  folder: string,
  users: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const path = join(folder, 'htpasswd');
  const lines = await Promise.all(
    Object.entries(users).map(([user, input]) =>
      outputOf(toolPath('htpasswd'), ['-niBC', '4', user], { input }),
    ),
  );
  await writeFile(path, lines.map((line) => line.trim()).join('\n'));
  return { htpasswd: { realm: 'test', path } };
}

function firstUser(users: Readonly<Record<string, string>>): { credentials?: Credentials } {
  const [first] = Object.entries(users);
  return first ? { credentials: { username: first[0], password: first[1] } } : {};
}
