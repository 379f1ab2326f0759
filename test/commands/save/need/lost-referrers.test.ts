import { describe, expect, it } from 'vitest';
import { lostReferrers } from '../../../../src/commands/save/need/lost-referrers.ts';
import type { LockedReferrer } from '../../../../src/lock/index.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../../src/oci/media-type.ts';
import { cosignTag } from '../../../../src/oci/referrer.ts';

const digest = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const image = digest('image');
const referrer = (name: string, subject: Digest, rest: Partial<LockedReferrer> = {}): LockedReferrer => ({
  digest: digest(name),
  mediaType: OCI_MANIFEST,
  subject,
  ...rest,
});

describe('F6: referrers that an earlier lock has', () => {
  const manifests = new Set([image]);
  const tag = cosignTag(image, 'sig');
  const sbom = referrer('sbom', image, { artifactType: 'a/b' });
  const ofSbom = referrer('signature of the sbom', sbom.digest);

  it('are lost with what refers to them', () => {
    expect(lostReferrers({ referrers: [], manifests }, [{ referrers: [ofSbom, sbom] }], 'all')).toEqual([
      ofSbom,
      sbom,
    ]);
  });

  it('are not lost where cosign wrote its tag anew, and are where the tag is gone', () => {
    const had = [{ referrers: [referrer('old', image, { tag })] }];
    const added = [referrer('new', image, { tag })];
    expect(lostReferrers({ referrers: added, manifests }, had, 'signatures')).toEqual([]);
    const untagged = [referrer('new', image)];
    expect(lostReferrers({ referrers: untagged, manifests }, had, 'signatures')).toHaveLength(1);
  });

  it('are not looked for where their kind or their subject is not', () => {
    const of = (subject: Digest): unknown[] =>
      lostReferrers({ referrers: [], manifests }, [{ referrers: [{ ...sbom, subject }] }], 'signatures');
    expect([of(image), of(digest('another platform'))]).toEqual([[], []]);
  });
});
