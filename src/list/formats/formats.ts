import { lastPart } from '../../text/trim.ts';
import { OciSaveError } from '../../errors.ts';
import { nearest } from '../../text/nearest.ts';
import { type Hint, hint, option } from '../../text/hint.ts';
import { showText } from '../../oci/reference-quote.ts';
import { format, type ListFormat } from './format.ts';
import { isBakeTree, parseBake } from './build/bake.ts';
import { parseDevcontainer, parseGithubWorkflow, parseGitlabCi } from './build/ci.ts';
import { parseCompose } from './build/compose.ts';
import { parseDockerfile } from './build/dockerfile.ts';
import { parseQuadlet } from './build/quadlet.ts';
import { parseHelmChart } from './cluster/helm-chart.ts';
import { parseHelmValues } from './cluster/helm-values.ts';
import { parseKubernetes } from './cluster/kubernetes.ts';
import { parseKustomize } from './cluster/kustomize.ts';
import { isSourceTags, parseSourceTags } from './mirror/source-tags.ts';
import { isTable, parseColumns } from './table/columns.ts';
import { isCounted, parseCounted } from './table/counted.ts';
import { isToolHeader, parseToolOutput } from './table/tool-output.ts';
import { isLineOfWords, parseWords } from './table/words.ts';
import { parseLockList } from './own/lock.ts';
import { isOwnList, parseOwnList } from './own/own-list.ts';
import { looksPlain, parsePlain } from './own/plain.ts';
import { parseImageVector } from './package/image-vector.ts';
import { parseImagesLock } from './package/images-lock.ts';
import { isSealerImages, parseSealerImages } from './package/sealer-images.ts';
import { parseDregsy } from './mirror/dregsy.ts';
import { parseImageListWithAuth } from './mirror/image-list-with-auth.ts';
import { parseImageSyncer } from './mirror/image-syncer.ts';
import { isMappingFile, parseMappingFile } from './mirror/mapping-file.ts';
import { parseOcMirror } from './mirror/oc-mirror.ts';
import { parseRegsync } from './mirror/regsync.ts';
import { parseSinker } from './mirror/sinker.ts';
import { isRegistryOfSkopeo, parseSkopeoSync } from './mirror/skopeo-sync.ts';
import { isChartLock, parseChartLock } from './package/chart-lock.ts';
import { parseHauler } from './package/hauler.ts';
import { parseKubekey } from './package/kubekey.ts';
import { isKurl, parseKurl } from './package/kurl.ts';
import { parseZarf } from './package/zarf.ts';
import {
  all,
  anyLine,
  either,
  everyValue,
  fileName,
  firstLine,
  items,
  keys,
  kind,
  root,
  type Trait,
} from './traits.ts';
import { fieldOf, keysOf, type Tree } from '../syntax/tree.ts';

/** `${HOST}/app` is one, too: lists have variables. */
const isReferenceKey = (key: string): boolean =>
  /^(?:[\w.-]|\$\{\w+\})+(?::\d+)?\/|^(?:[\w./-]|\$\{\w+\})+[:@]\S/.test(key);
const isUser = (tree: Tree): boolean =>
  ['username', 'password'].every((key) => fieldOf(tree, key)?.kind === 'scalar');
const isMapOfReferences = (tree: Tree | undefined): boolean => keysOf(tree).some(isReferenceKey);
const isTarget = (tree: Tree): boolean =>
  tree.kind === 'scalar' || (tree.kind === 'sequence' && tree.items.every((item) => item.kind === 'scalar'));
const hasScript = (tree: Tree): boolean =>
  tree.kind === 'mapping' && tree.entries.some(({ value }) => fieldOf(value, 'script') !== undefined);
const namesRepository = (tree: Tree): boolean =>
  tree.kind === 'mapping' &&
  (fieldOf(tree, 'repository') !== undefined || tree.entries.some(({ value }) => namesRepository(value)));

const MANIFEST = { parse: parseKubernetes, reading: 'tree', mayHaveKeys: true } as const;
const RENDER = 'Render it: helm template CHART | oci-save save -f -';
const looksLikeReference = (word: string): boolean => /^[\w.-]+[:/@][\w.:/@{}-]+$/.test(word);
/** `base: quay.io/acme/a:1 quay.io/acme/b:1`, where every value has several references. */
const isGroups = (tree: Tree): boolean =>
  tree.kind === 'mapping' &&
  tree.entries.length > 0 &&
  tree.entries.every(({ value }) => {
    const words = value.kind === 'scalar' ? value.text.slice(0, 1000).split(/\s+/) : [];
    return words.length > 1 && words.every(looksLikeReference);
  });
/** A file with the name of values may be our own list, too. */
const isValues = (tree: Tree): boolean =>
  keysOf(tree).some((key) => key !== 'images' && !key.startsWith('x-')) ||
  fieldOf(tree, 'images')?.kind === 'mapping';

/** `values.yaml`, `values-prod.yaml`, `my-values.yml`. */
const isValuesFile: Trait = ({ file }) => {
  const name = lastPart(file).toLowerCase();
  return /\.ya?ml$/.test(name) && /(?:^|[-_.])values/.test(name);
};

/**
 * Every format that is recognised by its content, in this order: the first one that fits. To support a format, give it
 * a file in one of the rooms of this folder, and its `parse` here.
 */
export const FORMATS: readonly ListFormat[] = [
  format('hauler', 'a hauler manifest', kind(/./, /^content\.hauler\.cattle\.io\//), {
    parse: parseHauler,
    reading: 'tree',
  }),
  format('zarf', 'a zarf.yaml package', kind(/^Zarf(Package|Init)Config$/), {
    parse: parseZarf,
    reading: 'tree',
  }),
  format('uds-bundle', 'a UDS bundle', kind(/^UDSBundle$/), {
    refusal: 'it refers to packages and names no images itself',
    hint: 'Give the zarf.yaml of its packages, or a plain list.',
  }),
  format(
    'oc-mirror',
    'an ImageSetConfiguration of oc-mirror',
    kind(/^ImageSetConfiguration$/, /^mirror\.openshift\.io\//),
    { parse: parseOcMirror, reading: 'tree' },
  ),
  format('imgpkg', 'an ImagesLock of imgpkg', kind(/^ImagesLock$/, /^imgpkg\.carvel\.dev\//), {
    parse: parseImagesLock,
    reading: 'tree',
  }),
  format('chart-lock', `a chart's Images.lock`, isChartLock, {
    parse: parseChartLock,
    reading: 'tree',
  }),
  format('image-references', 'an ImageStream', kind(/^ImageStream$/), MANIFEST),
  format('kubekey', 'a kubekey manifest', kind(/^Manifest$/, /^kubekey\.kubesphere\.io\//), {
    parse: parseKubekey,
    reading: 'tree',
  }),
  format('olm-csv', 'a ClusterServiceVersion', kind(/^ClusterServiceVersion$/), MANIFEST),
  format(
    'kustomize',
    'a kustomization',
    either(
      kind(/^Kustomization$/),
      keys('resources', 'images'),
      items('images', 'newTag'),
      items('images', 'newName'),
    ),
    {
      parse: parseKustomize,
      reading: 'tree',
      hint: 'It only changes images that its resources name: give what kustomize build prints.',
    },
  ),
  format(
    'mirror-rules',
    'a set of mirror rules',
    kind(/^(ImageDigestMirrorSet|ImageTagMirrorSet|ImageContentSourcePolicy)$/),
    {
      refusal: 'it names no images',
      hint: 'It says from where images are read: list the images themselves.',
    },
  ),
  format('iron-bank', 'a hardening manifest of Iron Bank', keys('args.BASE_IMAGE', 'resources')),
  format('helm-chart', 'a Helm chart', keys('apiVersion', 'name', 'version'), {
    parse: parseHelmChart,
    reading: 'tree',
    hint: RENDER,
  }),
  format('kubernetes', 'a Kubernetes manifest', keys('apiVersion', 'kind'), MANIFEST),
  format(
    'compose',
    'a Compose file',
    root((tree) => {
      const services = fieldOf(tree, 'services');
      return services?.kind === 'mapping' && services.entries.some(({ value }) => value.kind === 'mapping');
    }),
    { parse: parseCompose, reading: 'tree', mayHaveKeys: true, bareVariables: true },
  ),
  format('regsync', 'a regsync file', items('sync', 'source', 'type'), {
    parse: parseRegsync,
    reading: 'tree',
    mayHaveKeys: true,
  }),
  format('dregsy', 'a dregsy file', keys('relay', 'tasks'), {
    parse: parseDregsy,
    reading: 'tree',
  }),
  format(
    'image-syncer',
    'an image-syncer file',
    either(
      root((tree) => isMapOfReferences(fieldOf(tree, 'images'))),
      keys('auth', 'images'),
      everyValue((value, key) => isReferenceKey(key) && isTarget(value)),
    ),
    { parse: parseImageSyncer, reading: 'tree', mayHaveKeys: true },
  ),
  format('skopeo-sync', 'a skopeo sync file', everyValue(isRegistryOfSkopeo), {
    parse: parseSkopeoSync,
    reading: 'tree',
    mayHaveKeys: true,
  }),
  format('image-list-with-auth', 'an imageListWithAuth file', items('', 'username', 'images'), {
    parse: parseImageListWithAuth,
    reading: 'tree',
    mayHaveKeys: true,
  }),
  format('sealer-images', 'the images of a sealer image', isSealerImages, {
    parse: parseSealerImages,
    reading: 'tree',
  }),
  format('promoter', 'a promoter manifest', items('', 'name', 'dmap')),
  format('source-tags', 'a list of sources with tags', isSourceTags, {
    parse: parseSourceTags,
    reading: 'tree',
  }),
  format('image-vector', 'an image vector', items('images', 'repository'), {
    parse: parseImageVector,
    reading: 'tree',
  }),
  format('sinker', 'a sinker file', keys('target', 'sources'), {
    parse: parseSinker,
    reading: 'tree',
  }),
  format('linuxkit', 'a LinuxKit file', keys('kernel', 'init')),
  format('ocm', 'an OCM component descriptor', keys('component.resources')),
  format('cnab', 'a CNAB bundle', keys('invocationImages')),
  format('porter', 'a Porter bundle', keys('mixins')),
  format('sbom', 'an SBOM', either(keys('bomFormat'), keys('spdxVersion'))),
  format('lock', 'a lock of oci-save', keys('version', 'images', 'blobs'), {
    parse: parseLockList,
    reading: 'tree',
  }),
  format('oci-layout', 'an OCI manifest or index', keys('schemaVersion'), {
    refusal: 'it is not a list',
    hint: 'Name the layout that contains it: oci:path.',
  }),
  format('image-syncer-auth', 'a file with the users of image-syncer', everyValue(isUser), {
    refusal: 'it names no images',
    hint: hint`Name its users with ${option('credentials')}, or give them and the images in one file.`,
  }),
  format('docker-config', 'a file with credentials', keys('auths'), {
    refusal: 'it names no images',
    hint: hint`Give it as ${option('authFile')}.`,
  }),
  format('docker-archive', `the manifest.json of docker save`, items('', 'Config', 'RepoTags')),
  format(
    'tool-output',
    'the output of a tool that lists images',
    either(
      keys('Repository', 'Tag'),
      items('images', 'repoTags'),
      items('images', 'repoDigests'),
      items('', 'RepoTags', 'RepoDigests'),
      items('', 'Names', 'RepoDigests'),
      ({ trees, lines }) => trees === undefined && isToolHeader(lines[0]),
    ),
    { parse: parseToolOutput },
  ),
  format(
    'helm-values',
    'a values file of a Helm chart',
    either(
      all(isValuesFile, root(isValues)),
      (document) => !isOwnList(document) && root(namesRepository)(document),
    ),
    { parse: parseHelmValues, reading: 'tree', mayHaveKeys: true, hint: RENDER },
  ),
  format('github-workflow', 'a GitHub workflow', either(keys('jobs', 'on'), keys('runs.using')), {
    parse: parseGithubWorkflow,
    reading: 'tree',
    mayHaveKeys: true,
  }),
  format('gitlab-ci', 'a GitLab CI file', either(keys('stages'), root(hasScript)), {
    parse: parseGitlabCi,
    reading: 'tree',
    mayHaveKeys: true,
  }),
  format(
    'devcontainer',
    'a devcontainer.json',
    either(keys('dockerComposeFile'), keys('features'), fileName(/(?:^|[/\\])\.?devcontainer\.json$/)),
    {
      parse: parseDevcontainer,
      reading: 'tree',
    },
  ),
  format('ansible', 'an Ansible playbook', either(items('', 'hosts'), items('', 'tasks'))),
  format('list', 'a YAML or JSON list', isOwnList, { parse: parseOwnList, reading: 'tree' }),
  format('dockerfile', 'a Dockerfile', firstLine(/^\s*(FROM\s+\S|ARG\s+\w)/i), {
    parse: parseDockerfile,
    reading: 'text',
    mayHaveKeys: true,
  }),
  format(
    'quadlet',
    'a quadlet unit',
    anyLine(/^\[(Container|Image|Volume|Pod|Kube|Build|Network|Artifact)\]\s*$/),
    {
      parse: parseQuadlet,
      reading: 'text',
    },
  ),
  format('bake', 'a bake file', either(anyLine(/^(target|group)\s+"[^"]+"\s*\{/), root(isBakeTree)), {
    parse: parseBake,
  }),
  format('groups', 'a list with groups of images', root(isGroups), {
    refusal: 'a group has several references in one line',
    hint: 'Write one reference per line.',
  }),
  format('hcl', 'a Terraform or Nomad file', anyLine(/^(resource|module|provider|job)\s+"/)),
  format('columns', 'a table with columns', isTable, { parse: parseColumns, reading: 'text' }),
  format('counted', 'lines with counts', isCounted, { parse: parseCounted, reading: 'text' }),
  format('words', 'references in one line', isLineOfWords, { parse: parseWords, reading: 'text' }),
  format('kurl', 'a kURL manifest', isKurl, { parse: parseKurl, reading: 'text' }),
  format('mapping', 'a mapping file of oc', isMappingFile, { parse: parseMappingFile, reading: 'text' }),
  format('html', 'a web page', firstLine(/^\s*<(!doctype|html|\?xml)/i)),
  format('markdown', 'a Markdown page', either(fileName(/\.(md|markdown)$/i), anyLine(/^\s*```/))),
  format('script', 'a script', ({ text }) => text.startsWith('#!')),
  format('plain', 'a plain list', looksPlain, { parse: parsePlain, reading: 'text' }),
];

/** The format that `list-format` names, undefined for `auto`. Throws `usage` for an unknown name. */
export function namedFormat(name: string): ListFormat | undefined {
  const named = FORMATS.find((format) => format.name === name);
  if (named !== undefined || name === 'auto') return named;
  const readable = FORMATS.filter(({ parse }) => parse !== undefined).map((format) => format.name);
  const meant = nearest(name, ['auto', ...FORMATS.map((format) => format.name)]);
  throw new OciSaveError({
    code: 'usage',
    message: `the list format ${showText(name)} is unknown; known are ${['auto', ...readable].join(', ')}`,
    hint: meant === undefined ? undefined : `Did you mean '${meant}'?`,
  });
}

/** The format of a template that was skipped. */
export const TEMPLATE = 'template';

/** The title of a format by its name: `a plain list`. */
export function titleOf(name: string): string {
  if (name === TEMPLATE) return 'a template';
  return FORMATS.find((format) => format.name === name)?.title ?? 'a list';
}

/** What to do where a file of a format names no image. */
export function hintOf(name: string): Hint | undefined {
  return FORMATS.find((format) => format.name === name)?.hint;
}

/** Whether entries of this format may have variables without braces. */
export function hasBareVariables(name: string): boolean {
  return FORMATS.some((format) => format.name === name && format.bareVariables === true);
}
