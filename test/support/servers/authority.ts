import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../program.ts';
import { toolPath } from '../tools.ts';

export interface SignOptions {
  /** OpenSSL's extensions, a line each. */
  readonly extensions?: string;
  /** Whose key signs; the authority's by default. */
  readonly by?: string;
  /** Valid in the year 2020 alone. */
  readonly expired?: boolean;
}

/** A private certificate authority in a folder: `ca.crt`, and `NAME.crt` with `NAME.key` of what it signed. */
export interface Authority {
  readonly file: (name: string) => string;
  readonly read: (name: string) => Promise<string>;
  /** Makes a key and a certificate. */
  readonly sign: (name: string, options?: SignOptions) => Promise<void>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

const CONFIG = `[ca]
default_ca=own
[own]
database=index.txt
serial=serial
new_certs_dir=.
policy=any
default_md=sha256
[any]
commonName=supplied
`;

/** Makes one with openssl, in a folder that is there. */
export async function makeAuthority(folder: string): Promise<Authority> {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Promise<string> =>
    outputOf(toolPath('openssl'), args, { cwd: folder });
  const own = ['-x509', '-days', '2', '-subj', '/CN=private authority'];
  await openssl('req', ...KEY, ...own, '-keyout', 'ca.key', '-out', 'ca.crt');
  const sign: Authority['sign'] = async (name, { extensions = '', by = 'ca', expired = false } = {}) => {
    await writeFile(file(`${name}.ext`), extensions);
    await openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const inOut = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.crt`];
    if (!expired) {
      const signer = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2'];
      await openssl('x509', '-req', ...signer, ...inOut);
      return;
    }
    // `openssl x509` takes no date that is over.
    await writeFile(file('ca.cnf'), CONFIG);
    await writeFile(file('index.txt'), '');
    await writeFile(file('serial'), '01\n');
    const signer = ['-config', 'ca.cnf', '-cert', `${by}.crt`, '-keyfile', `${by}.key`, '-notext'];
    const dates = ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'];
    await openssl('ca', '-batch', ...signer, ...dates, ...inOut);
  };
  return { file, read: (name) => readFile(file(name), 'utf8'), sign };
}
