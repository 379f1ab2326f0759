import { z } from 'zod';
import type { OciSaveError } from '../../errors.ts';
import { type Descriptor, readEntries } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { OCI_INDEX } from '../../oci/media-type.ts';
import { MAX_REFERRERS } from '../../oci/referrer.ts';
import { isAbsent } from '../error.ts';
import { manifestSubject } from '../repository.ts';
import { requestPath } from '../request-path.ts';
import type { RepositoryCall } from '../session.ts';
import { readPages, wrongList } from './pages.ts';

const MAX_REFERRERS_BYTES = 16 * 1024 * 1024;

/** Registries write null for none. */
const pageSchema = z.looseObject({ manifests: z.array(z.unknown()).nullable() });

/**
 * What a registry lists as the referrers of a manifest, each digest once (distribution-spec, Listing Referrers). No filter is
 * asked for: registries that know none ignore it. Undefined where the registry answers 404, and nothing else: it has no such
 * API, and tags tell.
 * @throws OciSaveError `unsupported` for what is no such list, goes on at another host, or is beyond reason; any other refusal
 */
export async function listReferrers(call: RepositoryCall, digest: Digest): Promise<Descriptor[] | undefined> {
  const { domain, path: repository } = call.repository;
  const subject = `${manifestSubject(call.repository, digest)}, referrers`;
  const wrong = (what: string): OciSaveError => wrongList(domain, subject, what);
  const found = new Map<Digest, Descriptor>();
  let isThere = false;
  const take = (json: unknown): boolean | undefined => {
    const page = pageSchema.safeParse(json);
    if (!page.success) return undefined;
    isThere = true;
    const { manifests, faulty } = readEntries(page.data.manifests ?? []);
    const [wrongEntry] = faulty;
    if (wrongEntry !== undefined) throw wrong(`lists a referrer that is not valid: ${wrongEntry.fault}`);
    const before = found.size;
    for (const entry of manifests) found.set(entry.digest, entry);
    if (found.size > MAX_REFERRERS) throw wrong(`has more than ${MAX_REFERRERS} referrers`);
    return found.size > before;
  };
  const path = requestPath(repository, { kind: 'referrers', digest });
  const list = { subject, noun: 'referrers', path, accept: OCI_INDEX, maxBytes: MAX_REFERRERS_BYTES, take };
  try {
    await readPages(call, list);
  } catch (error) {
    if (isThere || !isAbsent(error)) throw error;
    return undefined;
  }
  return [...found.values()];
}
