import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * A zot root that is made by hand, byte by byte, with no help from the code that writes bundles: the server and
 * the writer are checked against zot's rules apart from each other.
 */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

export const HOST_ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** One repository of a tree under construction. */
export class Repository {
  readonly name: string;
  readonly folder: string;
  private readonly entries: Record<string, unknown>[] = [];

  constructor(root: string, name: string) {
    this.name = name;
    this.folder = join(root, name);
  }

  blobFile(digest: string): string {
    return join(this.folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }

  async blob(bytes: Uint8Array | string, mediaType = 'application/octet-stream'): Promise<Descriptor> {
    const digest = sha256(bytes);
    await mkdir(join(this.folder, 'blobs', 'sha256'), { recursive: true });
    await writeFile(this.blobFile(digest), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  }

  json(json: unknown, mediaType: string): Promise<Descriptor> {
    return this.blob(JSON.stringify(json), mediaType);
  }

  /** Adds entries to index.json, each under a tag or, without one, for its digest alone. */
  list(descriptor: Record<string, unknown>, ...tags: string[]): void {
    const { mediaType, digest, size } = descriptor;
    const bare = { mediaType, digest, size };
    if (tags.length === 0) this.entries.push(bare);
    for (const tag of tags) {
      this.entries.push({ ...bare, annotations: { 'org.opencontainers.image.ref.name': tag } });
    }
  }

  async write(): Promise<void> {
    await mkdir(join(this.folder, 'blobs', 'sha256'), { recursive: true });
    await writeFile(join(this.folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await this.writeIndex({ schemaVersion: 2, manifests: this.entries });
  }

  async writeIndex(index: unknown): Promise<void> {
    await writeFile(join(this.folder, 'index.json'), JSON.stringify(index));
  }
}

/** A tar of plain files, as runtimes unpack it. */
export function tarOf(files: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const parts = files.flatMap(([name, content]) => [
    tarHeader(name, content.length),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** A ustar header (POSIX.1-1988) with mode 0644, owner 0 and time 0. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

export interface Image {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layer: Descriptor;
}

export interface ImageOptions {
  readonly content: string;
  readonly architecture?: string;
  readonly docker?: boolean;
  /** Bytes that make the layer large; they do not shrink when compressed. */
  readonly padding?: Buffer;
}

/** A valid image of one gzip layer; its manifest is not listed yet. */
export async function image(repository: Repository, options: ImageOptions): Promise<Image> {
  const { content, architecture = HOST_ARCHITECTURE, docker = false, padding } = options;
  const tar = tarOf([
    ['file.txt', Buffer.from(content)],
    ...(padding ? [['padding.bin', padding] as const] : []),
  ]);
  const layer = await repository.blob(
    gzipSync(tar, { level: padding ? 0 : 6 }),
    docker ? 'application/vnd.docker.image.rootfs.diff.tar.gzip' : OCI_LAYER,
  );
  const config = await repository.json(
    {
      architecture,
      os: 'linux',
      config: { Cmd: ['/file.txt'] },
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
      history: [{ created_by: content }],
    },
    docker ? 'application/vnd.docker.container.image.v1+json' : OCI_CONFIG,
  );
  const mediaType = docker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const manifest = await repository.json({ schemaVersion: 2, mediaType, config, layers: [layer] }, mediaType);
  return { manifest, config, layer };
}

export async function index(
  repository: Repository,
  children: readonly Descriptor[],
  fields: Record<string, unknown> = {},
): Promise<Descriptor> {
  return repository.json(
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children, ...fields },
    OCI_INDEX,
  );
}

/** An artifact that points at a subject; its manifest is not listed yet. */
export async function artifact(
  repository: Repository,
  subject: Descriptor,
  fields: Record<string, unknown>,
): Promise<Descriptor> {
  const config = await repository.blob('{}', 'application/vnd.oci.empty.v1+json');
  const layer = await repository.blob(`about ${subject.digest}`, 'text/plain');
  return repository.json(
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer], subject, ...fields },
    OCI_MANIFEST,
  );
}

/** A child that an index names and the tree does not hold. */
export function absentChild(): Descriptor {
  return { mediaType: OCI_MANIFEST, digest: sha256('absent'), size: 6, platform: platformOf('s390x') };
}

export function platformOf(architecture: string): Record<string, string> {
  return { os: 'linux', architecture };
}
