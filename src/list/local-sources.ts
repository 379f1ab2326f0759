import { type Boundary, isInCheckout, liesInside, OUTSIDE } from '../files/index.ts';
import { quoteReference } from '../oci/reference-quote.ts';
import type { NamedList } from './candidates.ts';
import type { ImageRequest, Reject } from './request.ts';

/**
 * Keeps the local sources of a list within a boundary: `docker-archive:` and `oci:` name files, and a list may be a
 * stranger's. What a workflow names itself may lie anywhere, but for what lies in the checkout by its text.
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
  'A list names files of these two alone. A file elsewhere is named in the workflow, by the input images.';
