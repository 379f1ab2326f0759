import { stripBlanks } from '../syntax/lines.ts';
import { fieldOf, type Mapping } from '../syntax/tree.ts';

/** What holds for all images of a file: `global.imageRegistry`, and the version of the chart's application. */
export interface ImageDefaults {
  /** In place of each image's own registry. */
  readonly registry?: string | undefined;
  /** For an image without a tag. */
  readonly tag?: string | undefined;
}

/** A reference that was put together from the fields of a mapping. */
export interface JoinedImage {
  readonly line: number;
  /** Ends in a colon where neither a tag nor a digest is known: no reference, rather than `latest`. */
  readonly text: string;
  readonly isComplete: boolean;
}

const VERSION_KEYS = ['tag', 'digest', 'version', 'sha', 'imageTag'];

/**
 * Puts a reference together from its parts in a mapping, as charts and custom resources have them: `registry`,
 * `repository`, `tag` or `version`, `digest` or `sha`. A `name` or an `image` is the repository, or its last part where
 * there is a `repository` as well. Undefined for a mapping that is something else.
 * @param isImage whether the key of the mapping says that it is an image: then a `repository` alone is enough
 */
export function joinImage(
  mapping: Mapping,
  defaults: ImageDefaults = {},
  isImage = false,
): JoinedImage | undefined {
  const repository = partAt(mapping, 'repository');
  const image = partAt(mapping, 'image') ?? partAt(mapping, 'imageName');
  const keys = repository === undefined ? VERSION_KEYS : ['registry', ...VERSION_KEYS];
  const isNamed = isImage && repository !== undefined;
  if (!isNamed && !keys.some((key) => hasKey(mapping, key))) return undefined;
  const name = joinName(repository, image, partAt(mapping, 'name'));
  if (name === undefined || /^\w+:\/\//.test(name)) return undefined;
  if (repository === undefined && image === undefined && !isNamedImage(mapping, name)) return undefined;
  const registry = defaults.registry ?? partAt(mapping, 'registry');
  const full = registry === undefined ? name : `${registry.replace(/\/$/, '')}/${name}`;
  const { line } = mapping;
  const tag = ['tag', 'version', 'imageTag'].map((key) => partAt(mapping, key)).find(isGiven);
  const digest = ['digest', 'sha'].map((key) => partAt(mapping, key)).find(isGiven);
  return { line, ...versioned(full, tag ?? (digest === undefined ? defaults.tag : undefined), digest) };
}

function versioned(
  name: string,
  tag: string | undefined,
  digest: string | undefined,
): Pick<JoinedImage, 'text' | 'isComplete'> {
  if (tag === undefined && digest === undefined) {
    // Some repositories are written with their tag.
    const hasTag = /:./s.test(name.slice(name.lastIndexOf('/') + 1));
    return hasTag || name.includes('@')
      ? { text: name, isComplete: true }
      : { text: `${name}:`, isComplete: false };
  }
  const pin = digest === undefined ? '' : `@sha256:${digest.replace(/^@?(?:sha256:)?/, '')}`;
  return { text: `${name}${tag === undefined ? '' : `:${tag}`}${pin}`, isComplete: true };
}

/** `{name: acme/web, tag: "1"}`: a name without a path, or with a version, is that of a chart or a plug-in. */
function isNamedImage(mapping: Mapping, name: string): boolean {
  return name.includes('/') && ['tag', 'digest', 'sha'].some((key) => hasKey(mapping, key));
}

function joinName(repository?: string, image?: string, name?: string): string | undefined {
  if (repository === undefined) return image ?? name;
  return image === undefined ? repository : `${repository}/${image}`;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined;
}

function hasKey({ entries }: Mapping, key: string): boolean {
  return entries.some((entry) => entry.key === key && entry.value.kind === 'scalar');
}

/** The text under a key, undefined where it is missing, empty or not a text. */
function partAt(mapping: Mapping, key: string): string | undefined {
  const value = fieldOf(mapping, key);
  const text = value?.kind === 'scalar' ? stripBlanks(value.text) : '';
  return text === '' ? undefined : text;
}
