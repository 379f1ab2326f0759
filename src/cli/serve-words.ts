import type { ServeReport } from '../commands/index.ts';
import { formatCount } from '../text/bytes.ts';
import { plainText, shellWord } from '../text/plain-text.ts';

/** More would scroll the commands out of sight. */
const MAX_NAMES = 20;

/** What the kit of a bundle has for machines that are to pull by the names that they know. */
export interface ServePlace {
  /** Whether the bundle has a kit with the configurations of mirrors. */
  readonly hasKit: boolean;
  /** Whether other machines reach it. */
  readonly isOpen: boolean;
}

/** What is served, what can be pulled, and with which commands: lines of at most 80 columns, names apart. */
export function servingWords(report: ServeReport, { hasKit, isOpen }: ServePlace): string[] {
  const { address, content, server, program, images } = report;
  const names = images
    .filter(({ name }) => !isOfReferrer(name))
    .map(({ name }) => plainText(`${address}/${name}`));
  const what = plainText(content);
  const [first] = names;
  const others = images.length - names.length;
  const by = server === 'zot' ? `zot (${plainText(program ?? '')})` : 'the built-in registry, for pulls';
  return [
    `serving ${what} at http://${address} with ${by}; end it with Ctrl-C`,
    ...(isOpen
      ? ['other machines write the name or address of this one before the port']
      : ['only this machine reaches it; --listen 0.0.0.0:5000 opens it to others']),
    '',
    `${formatCount(names.length, 'name')} can be pulled${others === 0 ? '' : ` (and ${formatCount(others, 'tag')} of signatures)`}:`,
    ...names.slice(0, MAX_NAMES).map((name) => `  ${name}`),
    ...(names.length > MAX_NAMES
      ? [`  and ${names.length - MAX_NAMES} more: oci-save list ${shellWord(what)}, or --json`]
      : []),
    ...(first === undefined ? [] : ['', ...commandsFor(first)]),
    ...(first === undefined ? [] : mirrorWords(first, address, hasKit)),
  ];
}

/** Tags under which cosign and others keep what belongs to an image. */
function isOfReferrer(name: string): boolean {
  return /:sha256-[0-9a-f]{64}(?:\.\w+)?$/.test(name);
}

function commandsFor(name: string): string[] {
  return [
    'for example:',
    `  docker pull ${name}`,
    `  podman pull --tls-verify=false ${name}`,
    `  ctr -n k8s.io images pull --plain-http ${name}`,
    `  skopeo copy --src-tls-verify=false docker://${name} dir:image`,
    'it speaks plain HTTP: docker takes it from 127.0.0.1, from elsewhere only where',
    'its daemon.json lists it under insecure-registries',
  ];
}

/** How containerd finds an image by the name that it has, without the address before it. */
function mirrorWords(first: string, address: string, hasKit: boolean): string[] {
  const [host = '', ...path] = first.slice(address.length + 1).split('/');
  if (path.length === 0 || !host.includes('.')) return [];
  if (hasKit) {
    return [
      '',
      `to pull ${[host, ...path].join('/')} by that name, give your runtime`,
      `what this writes: sh kit/mirrors.sh ${address}`,
    ];
  }
  return [
    '',
    `to pull ${[host, ...path].join('/')} by that name, containerd takes`,
    `as /etc/containerd/certs.d/${host}/hosts.toml:`,
    `  [host."http://${address}/v2/${host}"]`,
    '    capabilities = ["pull", "resolve"]',
    '    override_path = true',
  ];
}
