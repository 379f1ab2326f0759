import { createManifestReader } from '../image/index.ts';
import type { Emit } from '../events.ts';
import type { NamingRule, SourceOrder } from '../options/index.ts';
import type { Repository, Sources } from '../registry/index.ts';
import type { SkopeoTools } from '../skopeo/index.ts';
import { openOnce, type OpenedPlaces } from './local/open-once.ts';
import type { ReferrerOptions } from './referrers.ts';
import type { ResolveOptions } from './resolve-image.ts';

/** How the images of a run are resolved. */
export interface ResolveContext extends Omit<ResolveOptions & ReferrerOptions, 'manifests'> {
  /** How repositories are read. */
  readonly sources: Pick<Sources, 'client' | 'nameOf' | 'notesOf' | 'passOver'>;
  /** Whether credentials are sent to a repository, or to a mirror of it. */
  readonly isPrivate: (repository: Repository) => Promise<boolean>;
  /** Asked for when a local transport needs skopeo, and only then. */
  readonly skopeoTools: () => Promise<SkopeoTools>;
  readonly emit: Emit;
  readonly naming: readonly NamingRule[];
  /** Where images without a transport are taken from. */
  readonly sourceOrder: SourceOrder;
  /** True: nothing is asked of any registry. */
  readonly offline: boolean;
  /** Images resolved at once. */
  readonly parallel: number;
}

/** The same with what all images of the run share: each question is asked once for all. */
export interface SharedContext extends ResolveContext, Pick<ResolveOptions, 'manifests'> {
  readonly places: OpenedPlaces;
}

/** Begins to share: nothing is read or opened before an image needs it. */
export function shareAmongImages(context: ResolveContext): SharedContext {
  return { ...context, manifests: createManifestReader(context.store), places: openOnce() };
}
