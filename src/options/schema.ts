import { z } from 'zod';
import { asFlag, kebab, type Spelling } from '../text/hint.ts';
import {
  booleanOption,
  choiceOption,
  listOption,
  numberOption,
  type OptionMeta,
  referencesOption,
  secretOption,
  sizeOption,
  textOption,
} from './kinds.ts';

/**
 * The one schema of a save: `--help`, the README's table and, for the action, `action.yml` come from it. Values
 * arrive as text from a command line or a workflow, or typed through the API.
 */
export const optionsSchema = z.strictObject({
  images: referencesOption({
    description: 'references inline; on the command line, its arguments',
    argument: true,
    asInput: { description: 'references inline, as lines of a list' },
  }),
  imageList: listOption({
    short: 'f',
    placeholder: 'FILE',
    description:
      'image lists, locks, folders of bundles: files, globs, https://HOST/PATH#sha256=HEX, or - for standard input',
    asInput: {
      description: 'image lists, locks, folders of bundles: files, globs, https://HOST/PATH#sha256=HEX',
    },
  }),
  listFormat: textOption('auto', {
    placeholder: 'FORMAT',
    description: 'names the format of the lists where recognition by content is in doubt',
  }),
  vars: listOption({
    placeholder: 'NAME=VALUE',
    secret: true,
    description: 'values for ${NAME} in lists; NAME alone takes the value from the environment',
  }),
  defaultRegistry: textOption('docker.io', {
    placeholder: 'HOST',
    description: 'for names without a registry',
  }),
  expandTags: booleanOption(false, {
    description: 'lists may ask for tags by a rule: every tag, patterns, ranges of versions, the newest',
  }),
  ignore: listOption({
    placeholder: 'REFERENCE',
    description: 'images that are left out of the lists: references, or patterns with * as quay.io/acme/*',
  }),
  imageRules: listOption({
    placeholder: 'KIND/PATH',
    description: 'fields of Kubernetes resources that are images, such as Deployment/*.env.HELPER_IMAGE',
  }),
  onCandidate: choiceOption(['report', 'accept', 'error'], 'report', {
    description: 'what to do with an entry that is probably an image',
  }),
  platforms: textOption('', {
    short: 'p',
    placeholder: 'LIST',
    description: 'for example linux/amd64,linux/arm64/v8, windows/amd64:10.0.17763, or all',
    defaultText: "linux/ and the machine's architecture",
  }),
  onMissingPlatform: choiceOption(['fail', 'warn'], 'fail', {
    description: 'for an image that has some of the wanted platforms: fail it, or save those and say so',
  }),
  index: choiceOption(['auto', 'keep', 'narrow'], 'auto', {
    description: 'for an image without all of its platforms: keep its index, or narrow it',
  }),
  format: choiceOption(['keep', 'oci'], 'keep', {
    description: 'Docker manifests kept as served, or converted to OCI, which changes their digests',
  }),
  referrers: choiceOption(['none', 'signatures', 'all'], 'none', {
    description: 'what refers to an image and is saved with it: signatures, or SBOMs and attestations, too',
  }),
  source: listOption({
    placeholder: 'PLACE',
    description:
      'where images without a transport are taken from: auto (registries; offline, this machine), local, remote, or an order of docker-daemon, containers-storage, remote',
  }),
  offline: booleanOption(false, {
    description:
      'ask nothing of any network: images come from the store and this machine, or are listed as missing',
  }),
  naming: listOption({
    placeholder: 'RULE',
    description: 'stored names: keep-domain, strip-domain, strip-library, FROM=TO; each adds names',
    defaultText: 'keep-domain',
  }),
  authFile: textOption('', {
    placeholder: 'FILE',
    description: 'registry credentials, instead of the files that podman and docker write',
  }),
  credentials: secretOption({
    placeholder: 'FILE',
    description:
      'a file with users of registries, or - for standard input: one `registry username password` a line, or YAML',
    asInput: {
      description:
        'users of registries, one `registry username password` a line, or YAML; registry/prefix for several of one registry; before those of auth-file',
    },
  }),
  certsDir: textOption('', {
    placeholder: 'FOLDER',
    description:
      'a folder HOST:PORT for each host with its authorities (*.crt) and client certificates (*.cert, *.key)',
    defaultText: 'those of containers and docker, as certs.d',
  }),
  caFile: textOption('', {
    placeholder: 'FILE',
    description: "certificate authorities beside the system's, PEM",
  }),
  insecureRegistries: listOption({
    placeholder: 'HOST',
    description: 'plain HTTP or unverified TLS, only for these registries',
  }),
  mirrors: listOption({
    placeholder: 'PREFIX=LOCATION',
    description: 'registries or prefixes that are read elsewhere first; names stay as they are written',
  }),
  strictTags: booleanOption(false, { description: 'latest and missing tags are errors' }),
  output: textOption('oci-bundle', {
    short: 'o',
    placeholder: 'FOLDER',
    description: "the bundle's folder; none for only an archive, a push or a release",
  }),
  layout: listOption({
    placeholder: 'VIEWS',
    description: 'views over the same blobs: oci, zot; a single one is at the top of the folder',
    defaultText: 'oci,zot',
  }),
  archive: choiceOption(['none', 'tar'], 'none', { description: 'the bundle as one file, too' }),
  archiveName: textOption('', {
    placeholder: 'NAME',
    description: "the archive's name without suffix",
    defaultText: 'the name of output, and -RELEASE where there is one',
  }),
  splitSize: sizeOption('0', {
    placeholder: 'SIZE',
    description: 'parts of the archive are no larger, for example 1900MiB; 0: one file',
    defaultText: '0; just under 2 GiB with release',
  }),
  cacheDir: textOption('', {
    placeholder: 'FOLDER',
    description: 'where blobs are kept between runs',
    defaultText: "oci-save in the user's cache folder",
    asInput: { default: '_oci-save next to the workspace' },
  }),
  cacheMaxSize: sizeOption('10GiB', {
    placeholder: 'SIZE',
    description: 'of what is kept between runs: beyond it, what was not used for longest goes first',
  }),
  push: listOption({
    placeholder: 'TARGET',
    description: 'registries to push to, as registry/prefix',
  }),
  pushPolicy: choiceOption(['always', 'if-missing', 'fail-if-different'], 'always', {
    description: 'for a tag that a target has with another digest',
  }),
  release: textOption('', {
    placeholder: 'TAG',
    description:
      'upload to this release of the repository on GitHub; auto: the tag that the workflow runs for',
  }),
  releasePolicy: choiceOption(['auto', 'replace', 'keep', 'fail'], 'auto', {
    description: 'for an asset of the same name and another digest; auto: replace in a draft, else fail',
  }),
  copier: choiceOption(['skopeo', 'direct'], 'skopeo', {
    description: 'who moves image layers over 1 MiB: skopeo, or the built-in client',
  }),
  parallel: numberOption(0, {
    placeholder: 'N',
    min: 0,
    max: 64,
    description: 'copies at once',
    defaultText: '8',
  }),
  retries: numberOption(5, {
    placeholder: 'N',
    min: 0,
    max: 50,
    description: 'further attempts for each request',
  }),
  onError: choiceOption(['fail', 'warn'], 'fail', {
    description: 'whether an image that cannot be saved or pushed fails the run, or is left out and listed',
  }),
  dryRun: booleanOption(false, { description: 'resolve and report; copy nothing' }),
  skopeo: textOption('auto', {
    placeholder: 'FILE',
    description: 'the skopeo to use',
    defaultText: 'the first on PATH that is new enough',
    asInput: {
      description: 'the skopeo to use: a file, or URL#sha256=HEX of a static binary',
      default: "on PATH, else by the system's package manager, else by Homebrew",
    },
  }),
});

/** The action's inputs: the options of a save, and those that only concern the workflow. */
export const inputsSchema = optionsSchema.extend({
  cache: choiceOption(['auto', 'actions', 'off'], 'auto', {
    description:
      'the Actions cache around the store; auto: of a public repository, nothing that was fetched with credentials',
  }),
  cacheMode: choiceOption(['read-write', 'read', 'write'], 'read-write', {
    description: 'what is done with the Actions cache',
  }),
  token: textOption('', {
    secret: true,
    description: 'for release; it needs contents: write',
    defaultText: "the job's token",
    asInput: { writtenDefault: '${{ github.token }}' },
  }),
  summary: booleanOption(true, { description: 'write a job summary: failures, images, digests, sizes' }),
});

/** The options of a save, by camelCase name. */
export type OptionName = keyof typeof optionsSchema.shape;

/** What documents and `--help` say about each option, by its camelCase name. */
export function describeOptions(): ReadonlyMap<string, OptionMeta> {
  return describe(optionsSchema);
}

/** The same for the action's inputs. */
export function describeInputs(): ReadonlyMap<string, OptionMeta> {
  return new Map(
    [...describe(inputsSchema)].map(([name, meta]) => [name, { ...meta, ...meta.asInput }] as const),
  );
}

function describe({
  shape,
}: {
  readonly shape: Readonly<Record<string, z.ZodType>>;
}): ReadonlyMap<string, OptionMeta> {
  return new Map(
    Object.entries(shape)
      .map(([name, schema]) => [name, z.globalRegistry.get(schema)?.['option']] as const)
      .flatMap(([name, meta]) => (isOptionMeta(meta) ? [[name, meta] as const] : [])),
  );
}

function isOptionMeta(value: unknown): value is OptionMeta {
  return typeof value === 'object' && value !== null && 'kind' in value && 'description' in value;
}

/** What a workflow has instead of some flags of the command. */
const INSTEAD: Readonly<Record<string, string>> = { verbose: 'debug logging', json: 'report.json' };

/** An option as a workflow's author writes it: `` `copier: direct` ``. What is not an input stays a flag of the command. */
export const asInput: Spelling = (named) => {
  const { option, value } = named;
  if (!describeInputs().has(option)) return INSTEAD[option] ?? asFlag(named);
  return `\`${kebab(option)}${value === undefined ? '' : `: ${value}`}\``;
};
