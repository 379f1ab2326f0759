import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { runProgram } from '../../support/program.ts';
import { toolPath } from '../../support/tools.ts';
import { MANIFESTS, namedBy, type Names, Violation } from './bundle.ts';

/** The digest of what skopeo gets under a reference, hashed here. */
export async function inspected(reference: string): Promise<string> {
  const args = ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`];
  const { exitCode, stdout, stderr } = await runProgram(toolPath('skopeo'), args);
  if (exitCode !== 0) throw new Violation('half', `skopeo: ${reference}: ${stderr.trim()}`);
  return `sha256:${createHash('sha256').update(stdout).digest('hex')}`;
}

/** Each name of a bundle is served with its digest. */
export async function judgeServed(prefix: string, names: Names): Promise<void> {
  await pLimit(2).map([...names], async ([name, digest]) => {
    const got = await inspected(`${prefix}/${name}`);
    if (got !== digest) throw new Violation('wrong', `${prefix}/${name} is served as ${got}, not ${digest}`);
  });
}

/** Each name can be pulled whole: skopeo hashes all that it gets. */
export async function judgePulls(prefix: string, names: Names, folder: string): Promise<void> {
  for (const name of names.keys()) {
    const { exitCode, stderr } = await runProgram(toolPath('skopeo'), [
      '--insecure-policy',
      'copy',
      '--quiet',
      '--all',
      '--preserve-digests',
      '--src-tls-verify=false',
      `docker://${prefix}/${name}`,
      `dir:${folder}`,
    ]);
    await rm(folder, { recursive: true, force: true });
    if (exitCode !== 0) throw new Violation('half', `skopeo: ${prefix}/${name}: ${stderr.trim()}`);
  }
}

/** Those of these names that a registry has, with their digests: each whole, down to the last blob. */
export async function judgeTarget(url: string, prefix: string, names: Iterable<string>): Promise<Names> {
  const found = await pLimit(4).map([...names], async (name) => {
    const [, repository = '', tag = ''] = /^(.*):([^:/]+)$/.exec(name) ?? [];
    const base = `${url}/v2/${prefix}/${repository}`;
    const top = await bytesOf(`${base}/manifests/${tag}`);
    if (top === undefined) return [];
    await walk(base, top);
    return [[name, digestOf(top)] as const];
  });
  return new Map(found.flat());
}

async function walk(base: string, bytes: Buffer): Promise<void> {
  for (const { digest, size, mediaType = '' } of namedBy(bytes)) {
    const isManifest = MANIFESTS.includes(mediaType);
    const place = `${base}/${isManifest ? 'manifests' : 'blobs'}/${digest}`;
    const got = await bytesOf(place);
    if (got === undefined) throw new Violation('half', `${place} is missing`);
    if (got.length !== size || digestOf(got) !== digest)
      throw new Violation('wrong', `${place} has ${got.length} bytes of ${digestOf(got)}, not ${size}`);
    if (isManifest) await walk(base, got);
  }
}

async function bytesOf(address: string): Promise<Buffer | undefined> {
  const response = await fetch(address, { headers: { accept: MANIFESTS.join(', ') } });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw new Error(`${address}: ${response.status}`);
  return bytes;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
