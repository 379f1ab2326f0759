import type { Emit } from '../events.ts';
import type { Digest } from '../oci/digest.ts';
import type { CredentialStore, RegistryClient, Sources } from '../registry/index.ts';
import type { SkopeoTools } from '../skopeo/index.ts';
import type { Store } from '../store/index.ts';

/** What copying works with. */
export interface CopyContext {
  readonly store: Store;
  readonly copier: 'skopeo' | 'direct';
  /** Finds skopeo, or sets it up, when the first leaf needs it. Throws `machine` where there is no skopeo. */
  readonly skopeoTools: () => Promise<SkopeoTools>;
  readonly credentials: CredentialStore;
  /** The rate limits of registries, which skopeo's processes keep as our own client does. */
  readonly client: Pick<RegistryClient, 'ready' | 'throttled'>;
  /** Where the images of a repository are read. */
  readonly sources: Pick<Sources, 'placesOf' | 'placeOf' | 'nameOf'>;
  readonly insecureRegistries: readonly string[];
  /** skopeo processes at once. */
  readonly parallel: number;
  /** Connections of our own client at once. */
  readonly connections: number;
  readonly retries: number;
  /** Milliseconds of silence after which a skopeo is ended; a minute by default. */
  readonly stallMilliseconds?: number | undefined;
  /** Called for each blob when it is in the store. */
  readonly onLanded: (digest: Digest) => void;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** The same while blobs are copied: what ends one mover ends all. */
export interface Copying extends CopyContext {
  readonly signal: AbortSignal;
}
