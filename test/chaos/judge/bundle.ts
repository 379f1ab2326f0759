import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from '../../support/program.ts';

/**
 * Judges what a run left by `sha256sum`, `tar` and a few lines that read JSON: nothing of it is oci-save's own code, and
 * nothing is taken from what oci-save says.
 */

/** `half`: something is missing. `wrong`: bytes, a digest or a size are not what their name or the source says. */
export class Violation extends Error {
  readonly kind: 'wrong' | 'half' | 'other';
  constructor(kind: Violation['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Digests by stored name, `repository:tag`. */
export type Names = ReadonlyMap<string, string>;

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** What stands in a bundle of both views, by name, where all of it is right. @throws Violation */
export async function judgeBundle(folder: string): Promise<Names> {
  await judgeBlobs(folder);
  await sums(folder, 'SHA256SUMS');
  const names = new Map<string, string>();
  for (const entry of entriesOf(folder)) {
    walkLayout(folder, entry);
    const name = entry.annotations?.['io.containerd.image.name'] ?? '';
    if (names.has(name)) throw new Violation('wrong', `${folder}: two entries for ${name}`);
    names.set(name, entry.digest);
  }
  const served = servedNames(folder);
  const lock = JSON.parse(text(path.join(folder, 'oci-save.lock.json'))) as {
    images: { names: string[]; digest: string }[];
  };
  const locked = new Map(lock.images.flatMap((image) => image.names.map((name) => [name, image.digest])));
  for (const [view, other] of [
    ['the view zot', served],
    ['the lock', locked],
  ] as const)
    if (!equal(names, other))
      throw new Violation('wrong', `${folder}: ${view} is ${differences(names, other)}`);
  return names;
}

export function equal(one: Names, other: Names): boolean {
  return one.size === other.size && [...one].every(([name, digest]) => other.get(name) === digest);
}

export function differences(wanted: Names, got: Names): string {
  const names = new Set([...wanted.keys(), ...got.keys()]);
  return [...names]
    .filter((name) => wanted.get(name) !== got.get(name))
    .map((name) => `${name} ${got.get(name) ?? 'absent'}, not ${wanted.get(name) ?? 'wanted'}`)
    .join('; ');
}

/** Every file in a `blobs/sha256` below a folder hashes to its name. One that has several names is hashed once. */
export async function judgeBlobs(folder: string): Promise<void> {
  const files = new Map<number, string[]>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() || !entry.parentPath.endsWith('/blobs/sha256')) continue;
    const file = path.join(entry.parentPath, entry.name);
    const { ino } = lstatSync(file);
    files.set(ino, [...(files.get(ino) ?? []), file]);
  }
  const first = [...files.values()].flatMap(([file]) => file ?? []);
  if (first.length === 0) throw new Violation('half', `${folder} has no blobs`);
  const { exitCode, stdout, stderr } = await runProgram('sha256sum', ['--', ...first]);
  if (exitCode !== 0) throw new Violation('half', `sha256sum: ${stderr}`);
  const hashes = new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  for (const same of files.values())
    for (const file of same) {
      const hash = hashes.get(same[0] ?? '');
      if (hash !== path.basename(file)) throw new Violation('wrong', `${file} hashes to ${hash}`);
    }
}

/** `sha256sum -c`, so that a file that is missing or wrong is told. */
export async function sums(folder: string, file: string): Promise<void> {
  if (!existsSync(path.join(folder, file))) throw new Violation('half', `${folder} has no ${file}`);
  const { exitCode, stdout, stderr } = await runProgram(
    'sha256sum',
    ['--check', '--quiet', '--strict', file],
    { cwd: folder },
  );
  if (exitCode === 0) return;
  const kind = /FAILED$/m.test(stdout) ? 'wrong' : 'half';
  throw new Violation(kind, `${path.join(folder, file)}: ${stdout}${stderr}`.trim());
}

/** Everything below a descriptor is in the layout, with the size that is said of it. */
function walkLayout(layout: string, { digest, size, mediaType = '' }: Descriptor): void {
  const file = path.join(layout, 'blobs', digest.replace(':', '/'));
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw new Violation('half', `${file} is missing`);
  if (stats.size !== size) throw new Violation('wrong', `${file} has ${stats.size} bytes, not ${size}`);
  if (!MANIFESTS.includes(mediaType)) return;
  for (const child of namedBy(readFileSync(file))) walkLayout(layout, child);
}

/** What a manifest or an index names. */
export function namedBy(bytes: Buffer): Descriptor[] {
  const { manifests, config, layers } = JSON.parse(bytes.toString()) as {
    manifests?: Descriptor[];
    config?: Descriptor;
    layers?: Descriptor[];
  };
  return [...(manifests ?? []), ...(config === undefined ? [] : [config]), ...(layers ?? [])];
}

/** The repositories below `registry/`, each a layout with bare tags. */
function servedNames(bundle: string): Map<string, string> {
  const root = path.join(bundle, 'registry');
  if (!existsSync(root)) throw new Violation('half', `${bundle} has no view for zot`);
  const names = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'index.json') continue;
    for (const descriptor of entriesOf(entry.parentPath)) {
      walkLayout(entry.parentPath, descriptor);
      const tag = descriptor.annotations?.['org.opencontainers.image.ref.name'];
      if (tag !== undefined) names.set(`${path.relative(root, entry.parentPath)}:${tag}`, descriptor.digest);
    }
  }
  return names;
}

function entriesOf(layout: string): Descriptor[] {
  return (JSON.parse(text(path.join(layout, 'index.json'))) as { manifests: Descriptor[] }).manifests;
}

function text(file: string): string {
  if (!existsSync(file)) throw new Violation('half', `${file} is missing`);
  return readFileSync(file, 'utf8');
}
