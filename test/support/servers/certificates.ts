import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../program.ts';
import { toolPath } from '../tools.ts';

/** Files of a private authority, PEM. Server names: localhost, 127.0.0.1, ::1. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/** Makes an authority, a server's and a client's certificate with openssl, into a folder that is there. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Promise<string> =>
    outputOf(toolPath('openssl'), args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const authority = ['-x509', '-days', '2', '-subj', '/CN=private authority'];
  await openssl('req', ...key, ...authority, '-keyout', 'ca.key', '-out', 'ca.crt');
  const sign = async (name: string, extensions: string): Promise<void> => {
    await writeFile(file(`${name}.ext`), extensions);
    await openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  };
  await sign('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n');
  await sign('client', 'extendedKeyUsage=clientAuth\n');
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
