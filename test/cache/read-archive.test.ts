import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { createTarPacker, type TarHeader } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../src/cache/actions/read-archive.ts';
import { OciSaveError } from '../../src/errors.ts';
import type { IncomingFile, Taken } from '../../src/cache/port.ts';

const FOLDER = '.oci-save/packs/x';
const nameAt = (at: number): string => at.toString(16).padStart(64, '0');

interface Entry {
  readonly header: TarHeader;
  readonly good: boolean;
}

const entry = fc
  .record({
    type: fc.constantFrom('file', 'file', 'file', 'symlink', 'link', 'directory', 'fifo'),
    size: fc.constantFrom(0, 1, 511, 512, 513, 5000, 90_000),
    inside: fc.boolean(),
    elsewhere: fc.constantFrom('..', '/tmp', FOLDER.slice(1), `${FOLDER}/..`),
    at: fc.nat(1000),
  })
  .map(({ type, size, inside, elsewhere, at }): Entry => {
    const name = `${inside ? FOLDER : elsewhere}/${nameAt(at)}`;
    const linked = type === 'symlink' || type === 'link' ? { linkname: '/etc/passwd' } : {};
    return {
      header: { name, type, size: type === 'file' ? size : 0, ...linked },
      good: inside && type === 'file',
    };
  });

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const { readable, controller } = createTarPacker();
  const packed = buffer(readable);
  for (const { header } of entries) {
    const writer = controller.add(header).getWriter();
    if (header.size > 0) await writer.write(Buffer.alloc(header.size, 7));
    await writer.close();
  }
  controller.finalize();
  return packed;
}

/** The bytes in pieces, some of them later than others. */
async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    yield bytes.subarray(at, at + length);
    if (at % 2 === 0) await setImmediate();
  }
}

/** Reads what it is given, or a part of it, as the numbers say. */
function taker(moods: readonly number[], names: string[]): (file: IncomingFile) => Promise<Taken> {
  return async ({ name, size, body }) => {
    const mood = moods[names.push(name) % moods.length] ?? 0;
    if (mood === 0) return 'skipped';
    if (mood === 1) return 'refused';
    let read = 0;
    for await (const chunk of body) read += chunk.length;
    expect(read).toBe(size);
    return 'taken';
  };
}

describe('an archive of the cache', () => {
  it('yields exactly the files of its folder, whatever else is in it and whatever is read of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 12 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 100, max: 60_000 }),
        async (entries, moods, length) => {
          const names: string[] = [];
          const archive = zstdCompressSync(await tarOf(entries));
          const read = await readArchive(inPieces(archive, length), {
            folder: FOLDER,
            maxBytes: 10_000_000,
            compression: 'zstd-without-long',
            take: taker(moods, names),
          });
          const good = entries.filter((one) => one.good);
          expect(names).toEqual(good.map(({ header }) => header.name.slice(FOLDER.length + 1)));
          const refusedFiles = names.filter((_, at) => moods[(at + 1) % moods.length] === 1).length;
          expect(read.refused).toBe(entries.length - good.length + refusedFiles);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('that is cut or damaged fails, or yields what it had, and never ends silently', async () => {
    const damage = fc.oneof(
      fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ flips: fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        damage,
        fc.boolean(),
        async (entries, how, inside) => {
          const hurt = (bytes: Buffer): Buffer => {
            if ('cut' in how) return bytes.subarray(0, Math.floor(bytes.length * how.cut));
            for (const at of how.flips) bytes[at % bytes.length]! ^= 0x55;
            return bytes;
          };
          const tar = await tarOf(entries);
          const archive = inside ? gzipSync(hurt(tar)) : hurt(gzipSync(tar));
          const reading = readArchive(inPieces(archive, 4096), {
            folder: FOLDER,
            maxBytes: 10_000_000,
            compression: 'gzip',
            take: async ({ body }) => {
              let read = 0;
              for await (const chunk of body) read += chunk.length;
              return read < 0 ? 'refused' : 'taken';
            },
          });
          const ended = await reading.then(
            () => 'read',
            (error: unknown) => (error instanceof Error ? error.message : 'no error'),
          );
          expect(ended === 'read' || ended.startsWith('its archive is damaged: ')).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is not read further than required', async () => {
    const entries = [1, 2, 3].map((at): Entry => ({
      header: { name: `${FOLDER}/${nameAt(at)}`, type: 'file', size: 2_000_000 },
      good: true,
    }));
    const archive = gzipSync(await tarOf(entries), { level: 0 });
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    const source = (async function* () {
      try {
        for await (const piece of inPieces(archive, 10_000)) {
          sent += piece.length;
          yield piece;
        }
      } finally {
        closed.resolve();
      }
    })();
    await readArchive(source, {
      folder: FOLDER,
      maxBytes: 10_000_000,
      compression: 'gzip',
      take: async ({ body }) => {
        for await (const chunk of body) expect(chunk[0]).toBe(7);
        return 'enough';
      },
    });
    // A connection that nobody reads is closed.
    await closed.promise;
    expect(sent).toBeLessThan(archive.length);
  });

  const good = (at: number, size: number): Entry => ({
    header: { name: `${FOLDER}/${nameAt(at)}`, type: 'file', size },
    good: true,
  });
  const readWhole = async ({ body }: IncomingFile): Promise<Taken> => {
    for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
    return 'taken';
  };

  it('may have its folder, and no other one, and nothing in the folder’s place', async () => {
    const place = (name: string, type: 'file' | 'directory'): Entry => ({
      header: { name, type, size: 0 },
      good: false,
    });
    const archive = async (...entries: Entry[]) =>
      readArchive(inPieces(gzipSync(await tarOf(entries)), 1000), {
        folder: FOLDER,
        maxBytes: 1_000_000,
        compression: 'gzip',
        take: readWhole,
      });
    expect(await archive(place(`${FOLDER}/`, 'directory'), good(1, 5))).toEqual({ refused: 0 });
    expect(await archive(place('.oci-save/', 'directory'), good(1, 5))).toEqual({ refused: 1 });
    expect(await archive(place(`${FOLDER}/x/`, 'directory'))).toEqual({ refused: 1 });
    const hex = nameAt(1);
    for (const name of [`${hex}0`, hex.slice(1), hex.replace('0', 'A'), `x/${hex}`, `${hex}/x`])
      expect(await archive(place(`${FOLDER}/${name}`, 'file'))).toEqual({ refused: 1 });
    expect(await archive(place(hex, 'file'), place(`${FOLDER}x/${hex}`, 'file'))).toEqual({ refused: 2 });
  });

  it('unpacks to as many bytes as it may have, and not to one more', async () => {
    const tar = await tarOf([good(1, 90_000)]);
    for (const compression of ['gzip', 'zstd-without-long'] as const) {
      const archive = compression === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar);
      const read = (maxBytes: number) =>
        readArchive(inPieces(archive, 10), { folder: FOLDER, maxBytes, compression, take: readWhole });
      expect(await read(tar.length)).toEqual({ refused: 0 });
      await expect(read(tar.length - 1)).rejects.toMatchObject({
        code: 'digest',
        message: `its archive is damaged: it unpacks to more than the ${tar.length - 1} bytes that it may have`,
      });
    }
  });

  it('that was cut before it was compressed, or has a wrong header, is damaged', async () => {
    const tar = await tarOf([good(1, 5000), good(2, 10)]);
    const wrong = Buffer.from(tar);
    wrong[512 + 5120] = 0x21;
    for (const bytes of [tar.subarray(0, 3000), wrong]) {
      const reading = readArchive(inPieces(gzipSync(bytes), 100), {
        folder: FOLDER,
        maxBytes: 1_000_000,
        compression: 'gzip',
        take: readWhole,
      });
      await expect(reading).rejects.toMatchObject({
        code: 'digest',
        message: expect.stringMatching(/^its archive is damaged: /),
      });
    }
  });

  it('fails by the error of where it comes from, or of who takes its files', async () => {
    const archive = gzipSync(await tarOf([good(1, 2_000_000)]), { level: 0 });
    const rules = { folder: FOLDER, maxBytes: 10_000_000, compression: 'gzip' } as const;
    const cut = new OciSaveError({ code: 'network', message: 'the connection broke' });
    const source = (async function* () {
      yield* inPieces(archive.subarray(0, 1_000_000), 10_000);
      throw cut;
    })();
    await expect(readArchive(source, { ...rules, take: readWhole })).rejects.toBe(cut);
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });
    for (const error of [cut, full]) {
      const take = (): Promise<Taken> => Promise.reject(error);
      await expect(readArchive(inPieces(archive, 10_000), { ...rules, take })).rejects.toBe(error);
    }
  });
});
