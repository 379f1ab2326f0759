import { type Boundary, isInCheckout, liesInside, OUTSIDE } from '../files/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import { hint, option } from '../text/hint.ts';
import { hintsOf } from './problems.ts';
import type { HeldPlace, ImageRequest, NamedList, Reject, StorageSource } from './request.ts';

/** What the sources of a list may name. */
export interface Reach {
  readonly boundary: Boundary;
  /** A list in the checkout may be a stranger's; what the workflow names is its user's own choice. */
  readonly namedBy: 'list' | 'workflow';
  /** The transports of storages whose images a list in the checkout may name. */
  readonly storages: readonly string[];
}

/** Why a source is rejected. */
type Refusal = Pick<Reject, 'reason' | 'hint' | 'hintParts'>;

/**
 * Rejects the local sources of a list that are out of its reach: they name files, or images of the machine's own storages.
 * Returns the other requests, and all rejects by their lines.
 */
export async function keepInside(list: NamedList, reach: Reach): Promise<NamedList> {
  const requests: ImageRequest[] = [];
  const rejects = [...list.rejects];
  for (const request of list.requests) {
    const { written, origin } = request;
    const result = await confined(request, reach);
    if ('reason' in result) rejects.push({ text: quoteReference(written) ?? '', origin, ...result });
    else requests.push(result);
  }
  return { ...list, requests, rejects: rejects.toSorted((a, b) => a.origin.line - b.origin.line) };
}

/** The request, which says where its file must lie once it is opened; or why it is out of reach. */
async function confined(request: ImageRequest, reach: Reach): Promise<ImageRequest | Refusal> {
  const { source, held } = request;
  if (held !== undefined) return (await mayReadBundle(held, reach)) ? request : OUT_OF_REACH;
  if (source.transport === 'docker') return request;
  if (!('path' in source)) return mayNameStorage(source, reach) ? request : strangersStorage(source);
  if (isUsersOwn(source.path, reach)) return request;
  const { folders } = reach.boundary;
  if (!(await liesInside(source.path, folders))) return OUT_OF_REACH;
  return { ...request, source: { ...source, folders } };
}

/** A bundle outside of the checkout is none that a list names: its lock is the list. */
async function mayReadBundle({ path }: HeldPlace, { boundary, namedBy }: Reach): Promise<boolean> {
  if (namedBy === 'workflow' || !isInCheckout(path, boundary)) return true;
  return liesInside(path, boundary.folders);
}

function mayNameStorage({ transport }: StorageSource, { namedBy, storages }: Reach): boolean {
  return namedBy === 'workflow' || storages.includes(transport);
}

/** A file that the workflow itself names may lie anywhere, unless its path as written is in the checkout. */
function isUsersOwn(path: string, { boundary, namedBy }: Reach): boolean {
  return namedBy === 'workflow' && !isInCheckout(path, boundary);
}

/** A self-hosted runner has images of other people in its storages. */
function strangersStorage({ transport }: StorageSource): Refusal {
  return {
    reason: `a list in the checkout may not name images of ${transport}: whoever wrote it may be a stranger`,
    ...hintsOf(
      hint`Let lists name them with ${option('source', `remote,${transport}`)}, or name the image in the workflow, by ${option('images')}.`,
    ),
  };
}

const OUT_OF_REACH: Refusal = {
  reason: OUTSIDE.reason,
  ...hintsOf(
    hint`A list can only name files in these two. Name a file elsewhere in the workflow, by ${option('images')}.`,
  ),
};
