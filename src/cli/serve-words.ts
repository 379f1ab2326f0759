import type { ServeReport } from '../commands/index.ts';
import { formatCount } from '../text/bytes.ts';
import { plainText, shellWord } from '../text/plain-text.ts';

/** More would scroll the commands out of sight. */
const MAX_NAMES = 20;

/** How a served bundle is reached, and what it has for those who do. */
export interface ServePlace {
  /** Whether the bundle has a kit, whose scripts write the configurations of mirrors. */
  readonly hasKit: boolean;
  /** Whether other machines reach it. */
  readonly isOpen: boolean;
  /** The address as it is written on the machines that pull. */
  readonly shown: string;
}

/** What is served, what can be pulled and with which commands, in the words of kit/serve.sh. */
export function servingWords(
  { content, server, program, images }: ServeReport,
  { hasKit, isOpen, shown }: ServePlace,
): string[] {
  const listed = images.filter(({ name }) => !isOfReferrer(name));
  const others = images.length - listed.length;
  const by = server === 'zot' ? 'zot' : 'the built-in registry';
  const first = (listed.find(({ kind }) => kind === 'image') ?? listed[0])?.name;
  const rows = listed.slice(0, MAX_NAMES).map(({ name, digest, kind }) => {
    const suffix = kind === undefined || kind === 'image' ? '' : `  (${kind})`;
    return `  ${digest.slice(0, 19)}  ${plainText(`${shown}/${name}`)}${suffix}`;
  });
  return [
    `Serving ${formatCount(listed.length, 'name')} at http://${shown} with ${by}, for pulls alone:`,
    '',
    ...rows,
    ...(listed.length > MAX_NAMES
      ? [
          `  and ${listed.length - MAX_NAMES} more: oci-save list ${shellWord(plainText(content))}, or serve --json`,
        ]
      : []),
    ...(others === 0 ? [] : [`  and ${formatCount(others, 'tag')} of signatures and the like`]),
    ...(first === undefined ? [] : commandsFor(plainText(`${shown}/${first}`))),
    '',
    isOpen
      ? `This is plain HTTP: docker wants "${shown}" in its insecure-registries.`
      : 'Only this machine reaches it. For others: --listen 0.0.0.0:5000',
    ...(first === undefined ? [] : mirrorWords(plainText(first), shown, hasKit)),
    '',
    ...(program === undefined ? [] : [`zot is ${plainText(program)}`]),
    'Ctrl-C ends it.',
  ];
}

/** Tags under which cosign and others keep what belongs to an image. */
function isOfReferrer(name: string): boolean {
  return /:sha256-[0-9a-f]{64}(?:\.\w+)?$/.test(name);
}

function commandsFor(name: string): string[] {
  return [
    '',
    'For example:',
    `  docker pull ${name}`,
    `  podman pull --tls-verify=false ${name}`,
    `  ctr images pull --plain-http ${name}`,
    `  skopeo copy --src-tls-verify=false docker://${name} oci:FOLDER`,
  ];
}

/** How a node finds an image by the name that it has elsewhere, without the address before it. */
function mirrorWords(name: string, address: string, hasKit: boolean): string[] {
  if (hasKit) {
    return [
      'Nodes pull by the names that images have elsewhere with what this writes:',
      `  sh kit/mirrors.sh ${address}`,
    ];
  }
  const [host = ''] = name.split('/');
  if (!host.includes('.')) return [];
  return [
    `containerd pulls ${name} by that name with this as`,
    `/etc/containerd/certs.d/${host}/hosts.toml:`,
    `  [host."http://${address}/v2/${host}"]`,
    '    capabilities = ["pull", "resolve"]',
    '    override_path = true',
  ];
}
