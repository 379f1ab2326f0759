import { z } from 'zod';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { jsonIn } from '../text/json-in.ts';
import { type ArchiveName, isPieceName } from './archive-name.ts';
import { isOurTarStart } from './tar-start.ts';

/** How the archive is told, or its first part. */
export const TAR_FILE_KIND: OwnFileKind = { noun: 'an archive of oci-save', matches: isOurTarStart };

/** A later part begins anywhere in the archive: what tells of it is what stands beside it. */
export function laterPartKind(isTold: boolean): OwnFileKind {
  return { noun: 'a part that an archive of oci-save beside it has', matches: () => isTold };
}

const LIST_START = /^\{\n {2}"version": \d+,\n {2}"archive": \{\n {4}"name": "/;
const anyList = z.looseObject({
  version: z.int(),
  archive: z.looseObject({ name: z.string(), digest: z.string() }),
  parts: z.array(z.looseObject({ name: z.string(), digest: z.string() })),
});

/** The parts that a list of any version names; undefined where it is not a list of parts. */
export function partsIn(bytes: Uint8Array): string[] | undefined {
  return anyList.safeParse(jsonIn(bytes)).data?.parts.map(({ name }) => name);
}

export const PARTS_LIST_FILE_KIND: OwnFileKind = {
  noun: 'a list of parts of oci-save',
  matches: (bytes, isWhole) =>
    LIST_START.test(bytes.toString('utf8')) || (isWhole && partsIn(bytes) !== undefined),
};

export const JOIN_SCRIPT_FILE_KIND: OwnFileKind = {
  noun: 'a script of oci-save that joins parts',
  matches: (bytes) => /^#!\/bin\/sh\n# Joins \d+ parts: sh /.test(bytes.toString('utf8')),
};

/** Each line of the sums names a file of the archive; the last line may be cut off. */
export function sumsKind(name: ArchiveName): OwnFileKind {
  return {
    noun: 'the sums of an archive of oci-save alone',
    matches: (bytes) => {
      const lines = bytes.toString('utf8').split('\n').slice(0, -1);
      const named = lines.map((line) => /^[0-9a-f]{64} [ *](.+)$/.exec(line)?.[1] ?? '');
      return lines.length > 0 && named.every((file) => isPieceName(name, file));
    },
  };
}
