import { type Boundary, isInCheckout, liesInside, OUTSIDE } from '../files/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import type { ImageRequest, NamedList, Reject } from './request.ts';

/**
 * Rejects the local sources of a list outside a boundary: `docker-archive:` and `oci:` name files, and a list may be
 * untrusted. A source that the workflow itself names may lie anywhere, unless its path as written is in the checkout.
 */
export async function keepInside(
  list: NamedList,
  boundary: Boundary | undefined,
  namedBy: 'list' | 'workflow',
): Promise<NamedList> {
  if (boundary === undefined) return list;
  const requests: ImageRequest[] = [];
  const rejects: Reject[] = [...list.rejects];
  for (const request of list.requests) {
    const { source, written, origin } = request;
    if (source.transport === 'docker' || (namedBy === 'workflow' && !isInCheckout(source.path, boundary))) {
      requests.push(request);
    } else if (await liesInside(source.path, boundary.folders)) {
      requests.push({ ...request, source: { ...source, folders: boundary.folders } });
    } else {
      rejects.push({ text: quoteReference(written) ?? '', origin, reason: OUTSIDE.reason, hint: HINT });
    }
  }
  return { ...list, requests, rejects: rejects.toSorted((a, b) => a.origin.line - b.origin.line) };
}

const HINT =
  'A list can only name files in these two. Name a file elsewhere in the workflow, by the input images.';
