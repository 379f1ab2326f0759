import { Readable } from 'node:stream';
import { planTree, type TreeFile } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { Content, LocalPort } from '../../image/index.ts';
import { blobDigestIn, type BlobSize, digestOf } from '../../oci/digest.ts';
import { compareInWalkOrder, isHiddenFolder, type OpenFile, type TreeFiles } from '../../serve/index.ts';

/**
 * The zot root that follows from a bundle's lock and manifests, with the blobs where they are: in an archive, or in a folder
 * whose repositories have none. Nothing is written.
 */
export function contentFiles({ lock, manifests, port }: Content): TreeFiles {
  const files = new Map(planTree(lock, manifests, ['zot'], () => '').map((file) => [file.path, file]));
  const repositories = [...files.keys()]
    .flatMap((path) => (path.endsWith('/index.json') ? [path.slice(0, -'/index.json'.length)] : []))
    .filter((path) => !isHidden(path))
    .toSorted(compareInWalkOrder);
  return {
    async open(path) {
      const file = files.get(path);
      return file && (file.kind === 'bytes' ? openBytes(file.bytes) : openBlob(blobOf(file), port));
    },
    async *repositories() {
      yield* repositories;
    },
  };
}

function isHidden(path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, at) => isHiddenFolder(parts.slice(0, at + 1).join('/')));
}

function blobOf({ path, size }: Exclude<TreeFile, { kind: 'bytes' }>): BlobSize | undefined {
  const digest = blobDigestIn(path);
  return digest && { digest, size };
}

function openBytes(bytes: Uint8Array): OpenFile {
  return {
    size: bytes.length,
    stamp: digestOf(bytes),
    read: (start, end) => Readable.from(end < start ? [] : [bytes.subarray(start, end + 1)]),
    close: async () => {},
  };
}

function openBlob(blob: BlobSize | undefined, port: LocalPort): OpenFile | undefined {
  return (
    blob && {
      size: blob.size,
      // What the lock names has one content, whoever asks.
      stamp: 'of the lock',
      read: (start, end) => readBlob(blob, port, start, end),
      close: async () => {},
    }
  );
}

async function* readBlob(
  blob: BlobSize,
  port: LocalPort,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  // In two pieces the port does not hash a whole blob, which the server does itself.
  for (const [from, to] of [
    [start, Math.min(start + 1, end + 1)],
    [start + 1, end + 1],
  ] as const) {
    if (from >= to) continue;
    for await (const chunk of port.range(blob, from, to)) {
      read += chunk.length;
      yield chunk;
    }
  }
  if (read !== Math.max(0, end - start + 1)) {
    const message = `${port.name}: blob ${blob.digest} has fewer bytes than its lock says`;
    throw new OciSaveError({ code: 'digest', message });
  }
}
