import {
  type BundleTree,
  buildBundle,
  isBundleUpToDate,
  lockFileOf,
  planTree,
  type WantedBundle,
} from '../../../bundle/index.ts';
import { type Content, manifestsOf, storePort } from '../../../image/index.ts';
import { digestOfLock, type Lock } from '../../../lock/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import { lockOf, type ResolvedImage } from '../../../resolve/index.ts';
import { renderBundlePage } from '../../../view/index.ts';
import type { Run } from '../run.ts';

/** The last tree of each run: a run in which nothing changed asks for one before it copies and when it publishes. */
const planned = new WeakMap<Run, { readonly lock: Digest; readonly tree: BundleTree }>();

/** Images as they are published, from the store. Throws `list` for two images under one name. */
export function contentOf(images: readonly ResolvedImage[], { session: { store } }: Run): Content {
  return { lock: lockOf(images), manifests: manifestsOf(images), port: storePort(store) };
}

/** The bundle as data. */
export function treeOf({ lock, manifests }: Content, run: Run): BundleTree {
  const digest = digestOfLock(lock);
  const before = planned.get(run);
  if (before?.lock === digest) return before.tree;
  const tree = planTree(lock, manifests, run.options.layout, renderBundlePage);
  planned.set(run, { lock: digest, tree });
  return tree;
}

/** The bundle that the output gets; undefined where the options name no folder. */
export function wantedBundle(
  lock: Lock,
  tree: BundleTree,
  { places, options, session }: Run,
): WantedBundle | undefined {
  const { output } = places;
  if (output === undefined) return undefined;
  return { tree, lock, output, lockBeside: options.layout.length === 1, store: session.store };
}

/** The finished folder, at its path or beside it. */
export interface BuiltFolder {
  readonly path: string;
  readonly lock: string;
  /** Whether it still has to be moved to its path. */
  readonly moves: boolean;
  /** The files that are published with it, complete under the names of parts. */
  readonly files: readonly string[];
}

/** Builds the folder beside its path; an unchanged one is left as it is. Undefined where the options name no folder. */
export async function buildFolder(lock: Lock, tree: BundleTree, run: Run): Promise<BuiltFolder | undefined> {
  const { output, io } = run;
  const wanted = wantedBundle(lock, tree, run);
  if (output === undefined || wanted === undefined) return undefined;
  io.emit({ type: 'stage', stage: 'bundle' });
  io.signal?.throwIfAborted();
  const built = { path: wanted.output, lock: lockFileOf(wanted) };
  if (await isBundleUpToDate(wanted)) return { ...built, moves: false, files: [] };
  if (output.state.length > 0) io.emit({ type: 'log', level: 'info', message: stateWords(output.state) });
  return { ...built, moves: true, files: await buildBundle(wanted, output, io.signal) };
}

function stateWords(state: readonly string[]): string {
  const named = state.slice(0, 5).join(', ');
  const more = state.length > 5 ? ` and ${state.length - 5} more` : '';
  return `a server ran on the earlier bundle; its files there are removed with the bundle: ${named}${more}`;
}
