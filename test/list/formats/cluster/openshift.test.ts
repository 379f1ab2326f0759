import { describe, expect, it } from 'vitest';
import { found } from '../found.ts';

const HEX = 'a'.repeat(64);

describe('L15: a ClusterServiceVersion', () => {
  it('has its related images and those of its deployments', () => {
    const text = `apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata:
  annotations:
    containerImage: quay.io/acme/operator:1
    operators.openshift.io/must-gather-image: quay.io/acme/gather:1
    alm-examples: |
      [{"kind": "Db", "spec": {"image": "quay.io/acme/example:1"}}]
spec:
  icon: [{base64data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t}]
  customresourcedefinitions:
    owned: [{specDescriptors: [{path: dex.image, displayName: Image}]}]
  install:
    spec:
      deployments:
        - name: operator
          spec:
            template:
              spec:
                containers:
                  - image: quay.io/acme/operator@sha256:${HEX}
                    env:
                      - {name: RELATED_IMAGE_DB, value: "quay.io/acme/db:12"}
  relatedImages:
    - {name: operator, image: "quay.io/acme/operator@sha256:${HEX}"}
    - {name: web, image: "quay.io/acme/web:1.10"}
`;
    expect(found(text, 'csv.yaml', 'olm-csv')).toEqual({
      requests: [
        [25, `quay.io/acme/operator@sha256:${HEX}`],
        [26, 'quay.io/acme/web:1.10'],
        [21, `quay.io/acme/operator@sha256:${HEX}`],
      ],
      candidates: [
        [23, 'quay.io/acme/db:12', expect.stringContaining('RELATED_IMAGE_DB')],
        [5, 'quay.io/acme/operator:1', 'it is the annotation containerImage'],
        [6, 'quay.io/acme/gather:1', expect.stringContaining('must-gather-image')],
        [8, 'quay.io/acme/example:1', 'it is an example of a resource'],
      ],
      rejects: [],
      ignored: [],
      warnings: [],
    });
  });

  it('in a bundle with other resources is read with them', () => {
    const text = `kind: ClusterServiceVersion
spec: {relatedImages: [{image: "quay.io/a/b:1"}]}
---
apiVersion: v1
kind: Pod
spec: {containers: [{image: "quay.io/a/c:1"}]}
`;
    expect(found(text, 'x.yaml', 'olm-csv').requests).toEqual([
      [2, 'quay.io/a/b:1'],
      [6, 'quay.io/a/c:1'],
    ]);
  });
});

describe('L15: an ImageStream', () => {
  it('has the images that its tags come from', () => {
    const text = `kind: ImageStream
apiVersion: image.openshift.io/v1
spec:
  tags:
    - name: web
      from: {kind: DockerImage, name: "quay.io/acme/release@sha256:${HEX}"}
    - name: other
      from: {kind: ImageStreamTag, name: "other:1"}
    - name: none
`;
    expect(found(text, 'image-references', 'image-references')).toEqual({
      requests: [[6, `quay.io/acme/release@sha256:${HEX}`]],
      candidates: [],
      rejects: [],
      ignored: ['tags of other ImageStreams'],
      warnings: [],
    });
  });
});
