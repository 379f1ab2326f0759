/** What is wrong with a value: where, and the end of a sentence that begins with the name of that field. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Judges a value as a type of Go reads it. Go takes null for a value of any type. */
export type GoType = (value: unknown) => Fault | undefined;

const plain =
  (message: string, fits: (value: unknown) => boolean): GoType =>
  (value) =>
    value === null || fits(value) ? undefined : { path: [], message };

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const below = (name: PropertyKey, fault: Fault | undefined): Fault | undefined =>
  fault && { ...fault, path: [name, ...fault.path] };

const text = plain('is not text', (value) => typeof value === 'string');
const integer = plain('is not an integer', Number.isSafeInteger);
const flag = plain('is not true or false', (value) => typeof value === 'boolean');
const object = plain('is not an object', isRecord);
const base64 = plain(
  'is not base64',
  (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value,
);
const time = plain('is not a time of RFC 3339', (value) => typeof value === 'string' && isTime(value));
const ofAnotherKind = plain('belongs to another kind of manifest', () => false);

function list(item: GoType): GoType {
  const isList = plain('is not a list', Array.isArray);
  return (value) => {
    if (!Array.isArray(value)) return isList(value);
    for (const [at, one] of value.entries()) {
      const fault = below(at, item(one));
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** The names in a map are the publisher's, and stand in no message. */
function map(item: GoType): GoType {
  return (value) => {
    const fault = object(value);
    if (fault !== undefined || !isRecord(value)) return fault;
    const wrong = Object.values(value).map(item).find(Boolean);
    return wrong && { path: [], message: `has a value that ${wrong.message}` };
  };
}

const named = (name: string): RegExp => new RegExp(`^${name.replaceAll('.', '\\.')}$`, 'iu');

/**
 * Go's encoding/json takes for a field any key that equals its name by Unicode's simple case folding, and the last one
 * counts. Such a key beside, or instead of, ours would give other readers another content than us.
 */
function struct(fields: Readonly<Record<string, GoType>>): GoType {
  const types = new Map(Object.entries(fields));
  const names = [...types.keys()].map((name) => [name, named(name)] as const);
  return (value) => {
    const fault = object(value);
    if (fault !== undefined || !isRecord(value)) return fault;
    for (const [key, one] of Object.entries(value)) {
      const type = types.get(key);
      const other = type === undefined ? names.find(([, name]) => name.test(key)) : undefined;
      if (other !== undefined) {
        const message = 'is spelled in another case, which containerd, docker and podman take for it';
        return { path: [other[0]], message };
      }
      const wrong = type && below(key, type(one));
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

const TIME = /^(\d{4}-(\d{2})-\d{2})T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function isTime(value: string): boolean {
  const [, day = '', month] = TIME.exec(value) ?? [];
  // A day that its month does not have becomes one of the next month.
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(5, 7) === month;
}

const platform = struct({
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': list(text),
  variant: text,
  features: list(text),
});

const descriptor = struct({
  mediaType: text,
  digest: text,
  size: integer,
  urls: list(text),
  annotations: map(text),
  data: base64,
  platform,
  artifactType: text,
});

/**
 * Manifests and indexes (image-spec, specs-go/v1): containerd and podman look for the fields of both, and of schema 1, in
 * either (containerd `validateMediaType`, containers/image `ValidateUnambiguousManifestFormat`).
 */
export const goManifest = struct({
  schemaVersion: integer,
  mediaType: text,
  artifactType: text,
  config: descriptor,
  layers: list(descriptor),
  manifests: list(descriptor),
  subject: descriptor,
  annotations: map(text),
  fsLayers: ofAnotherKind,
  history: ofAnotherKind,
});

/** What a container is started with: image-spec's fields, and docker's (moby, api/types/container `Config`). */
const runConfig = struct({
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: map(object),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: list(text),
  Cmd: list(text),
  Healthcheck: struct({
    Test: list(text),
    Interval: integer,
    Timeout: integer,
    StartPeriod: integer,
    StartInterval: integer,
    Retries: integer,
  }),
  ArgsEscaped: flag,
  Image: text,
  Volumes: map(object),
  WorkingDir: text,
  Entrypoint: list(text),
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: list(text),
  Labels: map(text),
  StopSignal: text,
  StopTimeout: integer,
  Shell: list(text),
});

/** Image configs: image-spec's fields, and docker's (containers/image, manifest `Schema2Image`). */
export const goConfig = struct({
  created: time,
  author: text,
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': list(text),
  variant: text,
  config: runConfig,
  rootfs: struct({ type: text, diff_ids: list(text) }),
  history: list(struct({ created: time, created_by: text, author: text, comment: text, empty_layer: flag })),
  id: text,
  parent: text,
  comment: text,
  container: text,
  container_config: runConfig,
  docker_version: text,
  Size: integer,
});
