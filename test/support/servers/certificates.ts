import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAuthority } from './authority.ts';

/** Files of a private authority, PEM. Server names: localhost, `PROXIED_HOST`, 127.0.0.1, ::1. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/** A name that no DNS has: a proxy's table alone leads it to the server. */
export const PROXIED_HOST = 'registry.example.test';

/** Makes an authority, a server's and a client's certificate with openssl, into a folder that is there. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const { file, sign } = await makeAuthority(folder);
  const names = `DNS:localhost,DNS:${PROXIED_HOST},IP:127.0.0.1,IP:::1`;
  await sign('server', { extensions: `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n` });
  await sign('client', { extensions: 'extendedKeyUsage=clientAuth\n' });
  return {
    ca: file('ca.crt'),
    serverCert: file('server.crt'),
    serverKey: file('server.key'),
    clientCert: file('client.crt'),
    clientKey: file('client.key'),
  };
}

/** Writes `<folder>/<host>/` in the certs.d form that docker, podman and skopeo read. */
export async function writeCertsDir(
  folder: string,
  host: string,
  { ca, clientCert, clientKey }: Certificates,
  withClient = false,
): Promise<string> {
  const own = join(folder, host);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'ca.crt'), await readFile(ca));
  if (withClient) {
    await writeFile(join(own, 'client.cert'), await readFile(clientCert));
    await writeFile(join(own, 'client.key'), await readFile(clientKey), { mode: 0o600 });
  }
  return folder;
}
