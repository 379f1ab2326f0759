import type { ContentSource } from '../image/index.ts';
import type { Emit } from '../events.ts';
import type { Digest } from '../oci/digest.ts';
import type { CredentialStore } from '../registry/index.ts';
import type { Skopeo, SkopeoEnvironment } from '../skopeo/index.ts';
import type { Store } from '../store/index.ts';

/** skopeo and what its processes run with. */
export interface SkopeoTools {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
}

/** The registry repository of an image, for skopeo. */
export interface RegistryPlace {
  readonly domain: string;
  readonly path: string;
  readonly insecure: boolean;
}

/** What copying works with. */
export interface CopyContext {
  readonly store: Store;
  readonly copier: 'skopeo' | 'direct';
  /** Found, or set up, when the first leaf needs it. Throws `machine` where there is none. */
  readonly skopeoTools: () => Promise<SkopeoTools>;
  /** Where the blobs of images with this `ref` are read; local images may share a name with others. */
  readonly sourcesFor: (ref: string) => Promise<readonly ContentSource[]>;
  /** The same for skopeo: none for an image that it does not read from a registry. */
  readonly placesOf: (ref: string) => readonly RegistryPlace[];
  readonly credentials: CredentialStore;
  /** skopeo processes at once. */
  readonly parallel: number;
  /** Connections of our own client at once. */
  readonly connections: number;
  readonly retries: number;
  /** Told of each blob when it is in the store. */
  readonly onLanded?: ((digest: Digest) => void) | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}
