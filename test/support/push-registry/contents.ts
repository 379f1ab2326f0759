import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';

export interface Repository {
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  readonly tags: Map<string, string>;
  readonly blobs: Map<string, Buffer>;
}

export interface Session {
  readonly repository: string;
  bytes: Buffer;
  /** When its first byte came. */
  began: number | undefined;
  /** Its last part was shorter than the registry says that parts are. */
  short: boolean;
}

/** What was pushed. */
export class PushContents {
  readonly repositories = new Map<string, Repository>();
  readonly sessions = new Map<string, Session>();
  /** Blobs and manifests whose files are gone, while a cache goes on naming them. */
  readonly lost = new Set<string>();

  at(name: string): Repository {
    const known = this.repositories.get(name) ?? { manifests: new Map(), tags: new Map(), blobs: new Map() };
    this.repositories.set(name, known);
    return known;
  }

  manifest(name: string, reference: string): { bytes: Buffer; mediaType: string } | undefined {
    const repository = this.repositories.get(name);
    const digest = repository?.tags.get(reference) ?? reference;
    return this.lost.has(digest) ? undefined : repository?.manifests.get(digest);
  }

  /**
   * Deletes every manifest, and collects all files behind a cache of descriptors, as docker-registry 2.8.2 does (measured):
   * HEAD of a blob still says that it is there, a GET of it breaks off, a mount is answered by 201, and a manifest is taken
   * by 201 and not stored. What is uploaded is there again, be it a blob or a manifest's bytes.
   */
  collect(): void {
    for (const { manifests, tags, blobs } of this.repositories.values()) {
      for (const digest of [...manifests.keys(), ...blobs.keys()]) this.lost.add(digest);
      manifests.clear();
      tags.clear();
    }
  }

  /** What a manifest names and the repository lacks. */
  lacks(name: string, bytes: Uint8Array): string[] {
    const repository = this.at(name);
    const manifest = parseManifest(bytes);
    return manifest.kind === 'manifest'
      ? [manifest.config, ...manifest.layers]
          .map(({ digest }) => digest)
          .filter((digest) => !repository.blobs.has(digest))
      : manifest.manifests.map(({ digest }) => digest).filter((digest) => !repository.manifests.has(digest));
  }

  /** Tags that name something of which a part is missing, down to the last layer. */
  broken(sparse = false): string[] {
    const wrong: string[] = [];
    for (const [name, { tags, manifests }] of this.repositories) {
      const whole = (digest: string): boolean => {
        const stored = manifests.get(digest);
        if (stored === undefined) return sparse;
        if (this.lost.has(digest)) return false;
        if (digestOf(stored.bytes) !== digest) return false;
        const manifest = parseManifest(stored.bytes);
        if (manifest.kind === 'manifest') {
          const blobs = [manifest.config, ...manifest.layers].map((blob) => blob.digest);
          return blobs.every((blob) => this.at(name).blobs.has(blob) && !this.lost.has(blob));
        }
        return manifest.manifests.every((child) => whole(child.digest));
      };
      for (const [tag, digest] of tags)
        if (!manifests.has(digest) || !whole(digest)) wrong.push(`${name}:${tag}`);
    }
    return wrong;
  }
}
