import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { refusalOf, type RegistryClient } from '../registry/index.ts';
import type { PushTargetReport } from '../report/index.ts';
import type { NameResult, TagState } from './decide.ts';
import { noTraffic, type ReportedName, reportTarget } from './report-target.ts';
import type { PushTarget } from '../options/index.ts';
import { type Destination, destinationOf } from './plan.ts';

/** A digest that a name may have, if the wanted manifests below it are there, too. */
export interface RightDigest {
  readonly digest: Digest;
  /** Only for a sparse index: any other image is there completely, since a tag is put last. */
  readonly below: readonly Digest[];
}

/** A stored name, `repository:tag`, and the digests that it may have. */
export interface WantedName {
  readonly name: string;
  readonly right: readonly RightDigest[];
}

/** What a target has under a name. */
export interface FoundName extends TagState {
  readonly target: PushTarget;
  readonly name: string;
  readonly to: Destination;
  /** Whether that is one of the right digests, with everything below. */
  readonly there: boolean;
  /** Whether it is another image's digest. */
  readonly differs: boolean;
}

type TagReader = Pick<RegistryClient, 'findManifest'>;

/**
 * Asks targets which names they have already, by one HEAD per name and target, and one for each manifest below a sparse
 * index (a GET only of a registry that refuses HEAD). Never throws for a target's response: what is not known to be
 * there is not there.
 * @throws the signal's reason
 */
export async function findPushed(
  wanted: readonly WantedName[],
  targets: readonly PushTarget[],
  client: TagReader,
  signal?: AbortSignal,
): Promise<FoundName[]> {
  const find = async (target: PushTarget, { name, right }: WantedName): Promise<FoundName> => {
    const to = destinationOf(target, name);
    const state = await readTag(to, client, { signal });
    const one = right.find(({ digest }) => digest === state.found);
    const there = one !== undefined && (await hasAll(to, one.below, client, signal));
    return { ...state, target, name, to, there, differs: state.found !== undefined && one === undefined };
  };
  return Promise.all(targets.flatMap((target) => wanted.map((name) => find(target, name))));
}

/** Whether a repository has all of these manifests, by one HEAD each. Without a usable response one counts as absent. */
export async function hasAll(
  to: Destination,
  digests: readonly Digest[],
  client: TagReader,
  signal?: AbortSignal,
): Promise<boolean> {
  const states = await Promise.all(
    digests.map((digest) => readTag({ ...to, tag: digest }, client, { signal })),
  );
  return states.every(({ found }, at) => found === digests[at]);
}

/** A registry that refuses is up, and so is one that fails for this name alone, as with a link that a crash left empty. */
function isUp(error: OciSaveError): boolean {
  const status = refusalOf(error)?.status;
  return error.code === 'denied' || status === 500 || (status !== undefined && error.code !== 'network');
}

/** The digest that a name has; where that is refused, the error. With `once`, a registry that is not up throws. */
export async function readTag(
  to: Destination,
  client: TagReader,
  { signal, once = false }: { readonly signal?: AbortSignal | undefined; readonly once?: boolean },
): Promise<TagState> {
  try {
    return { found: await client.findManifest(to, to.tag, { signal, once }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OciSaveError) || (once && !isUp(error))) throw error;
    return { found: undefined, error };
  }
}

/** Asks push targets for names one after the other, by HEAD alone, and keeps the results. */
export function askTargets(targets: readonly PushTarget[], client: TagReader, signal?: AbortSignal) {
  const results = new Map(targets.map((target) => [target, new Map<ReportedName, NameResult>()]));
  return {
    /** Whether every target has one of the right digests under a stored name. The first one is the image's own. */
    async haveAll(
      ref: string,
      name: string,
      right: readonly [RightDigest, ...RightDigest[]],
    ): Promise<boolean> {
      const names = await findPushed([{ name, right }], targets, client, signal);
      const [{ digest }] = right;
      for (const { target, to, found: there } of names) {
        const narrowed = there !== digest;
        results.get(target)?.set({ ref, stored: name, to, digest }, { status: 'unchanged', there, narrowed });
      }
      return names.every(({ there }) => there);
    },
    /** What each target was found to have, as a push that had nothing to do. */
    reports(seconds: number): PushTargetReport[] {
      const common = { traffic: noTraffic(), missing: [], seconds, onError: 'fail' } as const;
      return [...results].map(([target, own]) =>
        reportTarget({ ...common, target, names: [...own.keys()], results: own }),
      );
    },
  };
}
