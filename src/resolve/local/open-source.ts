import { openOciArchive } from '../../archive/index.ts';
import { nameOfEntry, openDir, openLayout, type ReadPort } from '../../image/index.ts';
import type { FileSource } from '../../list/index.ts';
import type { Digest } from '../../oci/digest.ts';

/** A local source whose manifests are there as they are: nothing of it is converted. */
export interface Opened {
  readonly port: ReadPort;
  /** The image that a name means, or the only one, with the name that its source has for it. Throws `list`. */
  readonly find: (name: string | undefined) => { readonly digest: Digest; readonly name: string | undefined };
}

/**
 * Opens an OCI layout, an OCI archive, or a folder that skopeo wrote.
 * @throws OciSaveError `list` where it is none, `local` for what is not a regular file, or lies elsewhere
 */
export async function openSource(
  source: Exclude<FileSource, { transport: 'docker-archive' }>,
): Promise<Opened> {
  const { transport, path, folders } = source;
  if (transport === 'dir') {
    const dir = await openDir(path, folders);
    return { port: dir, find: () => ({ digest: dir.top, name: undefined }) };
  }
  const layout = await (transport === 'oci' ? openLayout(path, folders) : openOciArchive(path, folders));
  return {
    port: layout,
    find(name) {
      const entry = layout.find(name);
      return { digest: entry.digest, name: nameOfEntry(entry) };
    },
  };
}
