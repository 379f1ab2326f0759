import type { Flavour } from '../fixtures/layer.ts';

export interface Application {
  /** The repository's name. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Runs without a terminal, network or input, and ends at once. */
  readonly command: readonly string[];
  /** A word of what it prints. */
  readonly prints: string;
  readonly flavour: Flavour;
}

/** In every image: a shell, a few programs, and dpkg. */
export const BASE = ['dpkg', 'coreutils', 'dash', 'busybox-static'];

/** Needed by maintainer scripts alone, which do not run here. */
export const LEFT_OUT = new Set(
  'adduser debconf init-system-helpers install-info passwd usrmerge'.split(' '),
);

/** Read by people, not by programs: left out to keep the layers small. */
export const UNREAD = /^usr\/share\/(doc|man|info|locale|lintian|doc-base|common-licenses)\//;

const application = (
  flavour: Flavour,
  name: string,
  packages: string,
  command: string,
  prints: string,
): Application => ({ flavour, name, packages: packages.split(' '), command: command.split(' '), prints });

export const APPLICATIONS: readonly Application[] = [
  application('oci', 'base', 'dpkg', 'dpkg --version', 'Debian'),
  application('oci', 'hello', 'hello', 'hello', 'Hello, world!'),
  application('oci', 'jq', 'jq', 'jq --version', 'jq-'),
  application('docker', 'sed', 'sed', 'sed --version', 'GNU sed'),
  application('docker', 'grep', 'grep', 'grep --version', 'GNU grep'),
  application('oci', 'gawk', 'gawk', 'gawk --version', 'GNU Awk'),
  application('docker', 'bc', 'bc', 'bc --version', 'bc '),
  application('oci', 'file', 'file', 'file --version', 'magic file from'),
  application('docker', 'tree', 'tree', 'tree --version', 'tree v'),
  application('oci', 'nano', 'nano', 'nano --version', 'GNU nano'),
  application('docker', 'xz', 'xz-utils', 'xz --version', 'liblzma'),
  application('oci', 'zstd', 'zstd', 'zstd --version', 'Zstandard'),
  application('oci', 'cpio', 'cpio', 'cpio --version', 'cpio (GNU cpio)'),
  application('docker', 'sqlite', 'sqlite3', 'sqlite3 --version', '3.'),
  application('oci', 'python', 'python3-minimal', 'python3 --version', 'Python 3'),
  application('oci', 'curl', 'curl', 'curl --version', 'libcurl/'),
  application('docker', 'openssl', 'openssl', 'openssl version', 'OpenSSL'),
  application('docker', 'redis', 'redis-tools', 'redis-cli --version', 'redis-cli'),
  application('oci', 'lua', 'lua5.4', 'lua5.4 -v', 'Lua 5.4'),
  application('docker', 'make', 'make', 'make --version', 'GNU Make'),
  application('oci', 'rsync', 'rsync', 'rsync --version', 'rsync'),
  application('docker', 'socat', 'socat', 'socat -V', 'socat version'),
  application('oci', 'vim', 'vim-tiny', 'vim.tiny --version', 'VIM - Vi IMproved'),
];
