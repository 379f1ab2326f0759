import type { Collector } from '../entry/findings.ts';
import type { ListDocument } from '../syntax/document.ts';
import { isOwnList, parseOwnList } from './own-list.ts';
import { looksPlain, parsePlain } from './plain.ts';
import {
  anyLine,
  either,
  everyLine,
  everyValue,
  fileName,
  firstLine,
  isTable,
  items,
  keys,
  kind,
  root,
} from './traits.ts';
import { fieldOf, keysOf, type Tree } from '../syntax/tree.ts';

/** A format of lists: how it is recognised and, where it is supported, how it is parsed. */
export interface ListFormat {
  /** As `list-format` names it. */
  readonly name: string;
  /** As a sentence names it: `a zarf.yaml package`. */
  readonly title: string;
  readonly recognise: (document: ListDocument) => boolean;
  /** Absent where the format is recognised only to be refused by its title. */
  readonly parse?: (document: ListDocument, collector: Collector) => void;
  /** Whether `parse` needs YAML or lines, where the user names the format. */
  readonly reading?: 'tree' | 'text';
  /** In place of 'this format is not supported yet'. */
  readonly refusal?: string;
  /** What to do instead. */
  readonly hint?: string;
}

const isReferenceKey = (key: string): boolean => /^[\w.-]+(?::\d+)?\/|^[\w./-]+[:@]\S/.test(key);
const isMapOfReferences = (tree: Tree | undefined): boolean => keysOf(tree).some(isReferenceKey);
const isTarget = (tree: Tree): boolean =>
  tree.kind === 'scalar' || (tree.kind === 'sequence' && tree.items.every((item) => item.kind === 'scalar'));
const hasScript = (tree: Tree): boolean =>
  tree.kind === 'mapping' && tree.entries.some(({ value }) => fieldOf(value, 'script') !== undefined);
const namesRepository = (tree: Tree): boolean =>
  tree.kind === 'mapping' &&
  (fieldOf(tree, 'repository') !== undefined || tree.entries.some(({ value }) => namesRepository(value)));
const SKOPEO_SYNC = ['images', 'images-by-tag-regex', 'images-by-semver'];

/**
 * Every format that is recognised, by its content and in this order: the first one that fits. A format becomes
 * supported by a file of its own in this folder, and by its `parse` here.
 */
export const FORMATS: readonly ListFormat[] = [
  { name: 'hauler', title: 'a hauler manifest', recognise: kind(/./, /^content\.hauler\.cattle\.io\//) },
  { name: 'zarf', title: 'a zarf.yaml package', recognise: kind(/^Zarf(Package|Init)Config$/) },
  {
    name: 'uds-bundle',
    title: 'a UDS bundle',
    recognise: kind(/^UDSBundle$/),
    refusal: 'it refers to packages and names no images itself',
    hint: 'Give the zarf.yaml of its packages, or a plain list.',
  },
  {
    name: 'oc-mirror',
    title: 'an ImageSetConfiguration of oc-mirror',
    recognise: kind(/^ImageSetConfiguration$/, /^mirror\.openshift\.io\//),
  },
  {
    name: 'imgpkg',
    title: 'an ImagesLock of imgpkg',
    recognise: kind(/^ImagesLock$/, /^imgpkg\.carvel\.dev\//),
  },
  { name: 'chart-lock', title: `a chart's Images.lock`, recognise: kind(/^ImagesLock$/, /^v0$/) },
  { name: 'image-references', title: 'an ImageStream', recognise: kind(/^ImageStream$/) },
  {
    name: 'kubekey',
    title: 'a kubekey manifest',
    recognise: kind(/^Manifest$/, /^kubekey\.kubesphere\.io\//),
  },
  { name: 'olm-csv', title: 'a ClusterServiceVersion', recognise: kind(/^ClusterServiceVersion$/) },
  {
    name: 'kustomize',
    title: 'a kustomization',
    recognise: either(
      kind(/^Kustomization$/),
      keys('resources', 'images'),
      items('images', 'newTag'),
      items('images', 'newName'),
    ),
    hint: 'It only changes images that its resources name: run kustomize build, and list what that names.',
  },
  {
    name: 'mirror-rules',
    title: 'a set of mirror rules',
    recognise: kind(/^(ImageDigestMirrorSet|ImageTagMirrorSet|ImageContentSourcePolicy)$/),
    refusal: 'it names no images',
    hint: 'Put its rules into `mirrors`.',
  },
  { name: 'helm-chart', title: 'a Helm chart', recognise: keys('apiVersion', 'name', 'version') },
  { name: 'kubernetes', title: 'a Kubernetes manifest', recognise: keys('apiVersion', 'kind') },
  {
    name: 'compose',
    title: 'a Compose file',
    recognise: root((tree) => {
      const services = fieldOf(tree, 'services');
      return services?.kind === 'mapping' && services.entries.some(({ value }) => value.kind === 'mapping');
    }),
  },
  { name: 'regsync', title: 'a regsync file', recognise: items('sync', 'source', 'type') },
  { name: 'dregsy', title: 'a dregsy file', recognise: keys('relay', 'tasks') },
  {
    name: 'image-syncer',
    title: 'an image-syncer file',
    recognise: either(
      root((tree) => isMapOfReferences(fieldOf(tree, 'images'))),
      everyValue((value, key) => isReferenceKey(key) && isTarget(value)),
    ),
    hint: 'Write it as a plain list of source => name.',
  },
  {
    name: 'skopeo-sync',
    title: 'a skopeo sync file',
    recognise: everyValue((value) => SKOPEO_SYNC.some((key) => fieldOf(value, key) !== undefined)),
  },
  {
    name: 'image-list-with-auth',
    title: 'an imageListWithAuth file',
    recognise: items('', 'username', 'images'),
  },
  { name: 'promoter', title: 'a promoter manifest', recognise: items('', 'name', 'dmap') },
  {
    name: 'source-tags',
    title: 'a list of sources with tags',
    recognise: either(items('images', 'source', 'destinations'), items('images', 'SourceArtifact')),
  },
  { name: 'image-vector', title: 'an image vector', recognise: items('images', 'repository') },
  { name: 'sinker', title: 'a sinker file', recognise: keys('target', 'sources') },
  { name: 'linuxkit', title: 'a LinuxKit file', recognise: keys('kernel', 'init') },
  { name: 'ocm', title: 'an OCM component descriptor', recognise: keys('component.resources') },
  { name: 'cnab', title: 'a CNAB bundle', recognise: keys('invocationImages') },
  { name: 'porter', title: 'a Porter bundle', recognise: keys('mixins') },
  { name: 'sbom', title: 'an SBOM', recognise: either(keys('bomFormat'), keys('spdxVersion')) },
  {
    name: 'lock',
    title: 'a lock of oci-save',
    recognise: keys('version', 'images', 'blobs'),
    refusal: 'it is not a list',
    hint: 'Give it as `lock`.',
  },
  {
    name: 'oci-layout',
    title: 'an OCI manifest or index',
    recognise: keys('schemaVersion'),
    refusal: 'it is not a list',
    hint: 'Name the layout that contains it: oci:path.',
  },
  {
    name: 'docker-config',
    title: 'a file with credentials',
    recognise: keys('auths'),
    refusal: 'it names no images',
    hint: 'Give it as the option auth-file.',
  },
  {
    name: 'docker-archive',
    title: `the manifest.json of docker save`,
    recognise: items('', 'Config', 'RepoTags'),
  },
  {
    name: 'tool-output',
    title: 'the output of a tool that lists images',
    recognise: either(
      keys('Repository', 'Tag'),
      items('images', 'repoTags'),
      firstLine(/^(REPOSITORY\s+TAG|IMAGE\s+(ID|TAG)|REF\s+TYPE|NAMESPACE\s+NAME)\s/),
    ),
    hint: 'Write its references into a plain list, one a line.',
  },
  {
    name: 'github-workflow',
    title: 'a GitHub workflow',
    recognise: either(keys('jobs'), keys('runs.using')),
  },
  { name: 'gitlab-ci', title: 'a GitLab CI file', recognise: either(keys('stages'), root(hasScript)) },
  {
    name: 'devcontainer',
    title: 'a devcontainer.json',
    recognise: either(keys('dockerComposeFile'), keys('features')),
  },
  {
    name: 'ansible',
    title: 'an Ansible playbook',
    recognise: either(items('', 'hosts'), items('', 'tasks')),
  },
  { name: 'list', title: 'a YAML or JSON list', recognise: isOwnList, parse: parseOwnList, reading: 'tree' },
  {
    name: 'helm-values',
    title: 'a values file of a Helm chart',
    recognise: root(namesRepository),
    hint: 'Render the chart with helm template, and list what that names.',
  },
  { name: 'dockerfile', title: 'a Dockerfile', recognise: firstLine(/^\s*(FROM\s+\S|ARG\s+\w)/i) },
  {
    name: 'quadlet',
    title: 'a quadlet unit',
    recognise: anyLine(/^\[(Container|Image|Volume|Pod|Kube)\]\s*$/),
  },
  { name: 'bake', title: 'a bake file', recognise: anyLine(/^(target|group)\s+"[^"]+"\s*\{/) },
  {
    name: 'hcl',
    title: 'a Terraform or Nomad file',
    recognise: anyLine(/^(resource|module|provider|job)\s+"/),
  },
  { name: 'columns', title: 'a table with columns', recognise: isTable },
  {
    name: 'kurl',
    title: 'a kURL manifest',
    recognise: everyLine(/^(image|asset|yum|apt|dockerout)\s+\S+\s+\S+/),
  },
  { name: 'html', title: 'a web page', recognise: firstLine(/^\s*<(!doctype|html|\?xml)/i) },
  {
    name: 'markdown',
    title: 'a Markdown page',
    recognise: either(fileName(/\.(md|markdown)$/i), anyLine(/^\s*```/)),
  },
  { name: 'script', title: 'a script', recognise: ({ text }) => text.startsWith('#!') },
  { name: 'plain', title: 'a plain list', recognise: looksPlain, parse: parsePlain, reading: 'text' },
];
