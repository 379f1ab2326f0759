import { type Lock, repositoryPath, splitName } from '../../lock/index.ts';
import { namesRegistry } from '../../oci/reference.ts';
import { byText } from '../../text/by-text.ts';

/** Where the kit's configurations expect the site's registry; `mirrors.sh` writes them for another address. */
const ADDRESS = '127.0.0.1:5000';
const URL = `http://${ADDRESS}`;
const OTHER_ADDRESS = `# For another address than ${ADDRESS}: sh kit/mirrors.sh ADDRESS\n`;

/** A registry as the names of images have it, and where the site's registry keeps what is pulled from it. */
interface Mirrored {
  readonly host: string;
  /** The folder of its repositories below the site's registry; undefined for names that the site's registry itself has. */
  readonly folder: string | undefined;
}

/**
 * Configurations by which runtimes pull the names that images have from the site's registry: files of `kit/`, right as
 * they stand for a registry on the same machine. `mirrors.sh` writes the same from `images.tsv`, and a test compares them.
 */
export function mirrorFiles(lock: Lock): { readonly name: string; readonly content: string }[] {
  const mirrored = mirroredRegistries(lock);
  return [
    ...mirrored.flatMap(({ host, folder }) => {
      const name = hostFolder(host);
      return name === undefined
        ? []
        : [{ name: `hosts/${name}/hosts.toml`, content: hostsToml(host, folder) }];
    }),
    { name: 'registries.conf', content: registriesConf(mirrored) },
    { name: 'k3s-registries.yaml', content: registriesYaml(mirrored) },
    { name: 'daemon.json', content: DAEMON_JSON },
  ];
}

/** The registries of the stored names, sorted, and the site's own. Names without a registry need no mirror. */
function mirroredRegistries(lock: Lock): Mirrored[] {
  const hosts = lock.images.flatMap(({ names }) =>
    names
      .map((stored) => splitName(stored).name)
      .filter(namesRegistry)
      .map((name) => name.slice(0, name.indexOf('/'))),
  );
  return [...new Set([...hosts, ADDRESS])]
    .toSorted(byText)
    .map((host) => ({ host, folder: hosts.includes(host) ? folderOf(host) : undefined }));
}

function folderOf(host: string): string {
  return repositoryPath(`${host}/x`).slice(0, -'/x'.length);
}

/**
 * The folder in which containerd looks for a registry's hosts.toml (docs/hosts.md, Port Handling). It knows a form
 * without a colon, which FAT and Windows cannot have in a name, but for IPv6 addresses: those are left to `mirrors.sh`.
 */
function hostFolder(host: string): string | undefined {
  const name = host.replace(/:(\d+)$/, '_$1_');
  return name.includes(':') ? undefined : name;
}

/** JSON's form of a text, which is one of TOML and of YAML as well. */
const quoted = (text: string): string => JSON.stringify(text);

/**
 * `server` is the site's registry, too: otherwise a name that it lacks would be looked for at the public registry, which
 * only costs time where there is no internet. `override_path`: the address has its own /v2 (containerd, docs/hosts.md).
 */
function hostsToml(host: string, folder: string | undefined): string {
  const mirror = `${URL}/v2/${folder}`;
  const reads = 'capabilities = ["pull", "resolve"]\noverride_path = true\n';
  const server = host === ADDRESS ? `server = ${quoted(URL)}\n` : `server = ${quoted(mirror)}\n${reads}`;
  return [
    `# Images of ${quoted(host)} are pulled from the registry at ${ADDRESS}.\n`,
    OTHER_ADDRESS,
    server,
    ...(folder === undefined ? [] : [`\n[host.${quoted(mirror)}]\n${reads}`]),
  ].join('');
}

/**
 * A location without a mirror: no other place is asked. What the registry itself has under its own address is found by
 * falling back to that address.
 */
function registriesConf(mirrored: readonly Mirrored[]): string {
  const tables = mirrored.map(({ host, folder }) => {
    const location = `location = ${quoted(host === ADDRESS ? ADDRESS : `${ADDRESS}/${folder}`)}`;
    const table = `\n[[registry]]\nprefix = ${quoted(host)}\n${location}\ninsecure = true\n`;
    if (host !== ADDRESS || folder === undefined) return table;
    return `${table}\n[[registry.mirror]]\nlocation = ${quoted(`${ADDRESS}/${folder}`)}\ninsecure = true\n`;
  });
  return [
    '# For podman, buildah, skopeo and CRI-O: a file of /etc/containers/registries.conf.d\n',
    OTHER_ADDRESS,
    ...tables,
  ].join('');
}

/** An endpoint that equals the name's own registry gets no rewrite (k3s, Private Registry Configuration): its path does it. */
function registriesYaml(mirrored: readonly Mirrored[]): string {
  const entries = mirrored.map(({ host, folder }) => {
    const own = folder === undefined ? [URL] : [`${URL}/v2/${folder}`, URL];
    const endpoints = host === ADDRESS ? own : [URL];
    return [
      `  ${quoted(host)}:\n    endpoint:\n`,
      ...endpoints.map((endpoint) => `      - ${quoted(endpoint)}\n`),
      ...(host === ADDRESS ? [] : [`    rewrite:\n      "^(.*)$": ${quoted(`${folder}/$1`)}\n`]),
    ].join('');
  });
  return [
    '# For k3s /etc/rancher/k3s/registries.yaml, for RKE2 /etc/rancher/rke2/registries.yaml\n',
    OTHER_ADDRESS,
    'mirrors:\n',
    ...entries,
  ].join('');
}

/** dockerd's mirrors have no path of their own and stand for docker.io alone: they find names without a registry. */
const DAEMON_JSON = `{
  "insecure-registries": [${quoted(ADDRESS)}],
  "registry-mirrors": [${quoted(URL)}]
}
`;
