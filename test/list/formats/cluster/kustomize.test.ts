import { describe, expect, it } from 'vitest';
import { found } from '../found.ts';

const HEX = 'a'.repeat(64);

describe('L15: a kustomization', () => {
  it('has the images that it sets, and says that the others are missing', () => {
    const text = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml]
images:
  - name: web
    newName: quay.io/acme/web
    newTag: 1.10
  - name: quay.io/acme/db
    digest: sha256:${HEX}
  - {name: proxy, newTag: "2", digest: "sha256:${HEX}"}
  - {name: suffix, tagSuffix: -x}
  - {newTag: "1"}
imageTags:
  - {name: quay.io/acme/old, newTag: "1"}
`;
    expect(found(text, 'kustomization.yaml', 'kustomize')).toEqual({
      requests: [
        [5, 'quay.io/acme/web:1.10'],
        [8, `quay.io/acme/db@sha256:${HEX}`],
        [10, `docker.io/library/proxy:2@sha256:${HEX}`],
        [14, 'quay.io/acme/old:1'],
      ],
      candidates: [],
      rejects: [
        [11, 'this entry sets neither a tag nor a digest: they are in its resources'],
        [12, 'this entry does not name an image'],
      ],
      ignored: ['resources'],
      warnings: [[5, expect.stringContaining('kustomize build prints all of them')]],
    });
  });

  it('that sets no image has no warning', () => {
    const { requests, warnings } = found('kind: Kustomization\nresources: [a.yaml]\n', 'x', 'kustomize');
    expect([requests, warnings]).toEqual([[], []]);
  });
});
