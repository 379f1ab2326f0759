import { createTarPacker, type TarHeader, unpackTar } from 'modern-tar';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

export type ArchiveEntry = { readonly header: TarHeader; readonly data?: Uint8Array | undefined };

const ZSTD_MAGIC = 0xfd2fb528;

/** The entries of an archive that @actions/cache made. */
export async function entriesOf(archive: Buffer): Promise<ArchiveEntry[]> {
  const tar = archive.readUInt32LE(0) === ZSTD_MAGIC ? zstdDecompressSync(archive) : gunzipSync(archive);
  return unpackTar(tar);
}

/** Entries as an archive of the same compression as `like`. */
export async function archiveLike(like: Buffer, entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const { readable, controller } = createTarPacker();
  const packed = buffer(readable);
  for (const { header, data = new Uint8Array() } of entries) {
    const writer = controller.add({ ...header, pax: {} }).getWriter();
    if (data.length > 0) await writer.write(data);
    await writer.close();
  }
  controller.finalize();
  const tar = await packed;
  return like.readUInt32LE(0) === ZSTD_MAGIC ? zstdCompressSync(tar) : gzipSync(tar);
}
