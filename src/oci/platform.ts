import { OciSaveError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { showText } from './reference-quote.ts';

/** A platform in normal form (image-spec, image-index.md): `osVersion` is the build of Windows. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
}

/** The platforms that a request takes from an index. */
export type PlatformChoice = 'all' | readonly Platform[];

// A Map: these names come from manifests, and one may say `constructor`.
const ARCHITECTURES = new Map<string, readonly [architecture: string, variant?: string]>([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

const SYSTEMS = new Set(['linux', 'windows', 'darwin', 'macos', 'freebsd', 'wasi', 'android']);

/** The architectures of Go (internal/syslist), by which OCI configs name them (image-spec, config.md). */
const KNOWN_ARCHITECTURES = (
  '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ' +
  'ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'
).split(' ');

/** What a message says of a platform whose architecture no compiler of Go knows; undefined for any other. */
export function oddArchitecture({ architecture }: Platform): string | undefined {
  if (KNOWN_ARCHITECTURES.includes(architecture)) return undefined;
  const meant = nearest(architecture, KNOWN_ARCHITECTURES);
  const advice = meant === undefined ? '' : `; did you mean '${meant}'?`;
  return `the architecture '${architecture}' is unknown${advice}`;
}

/** Whether a word is the name of an operating system, which alone is neither a platform nor an architecture. */
export function isOperatingSystem(word: string): boolean {
  return SYSTEMS.has(word.toLowerCase());
}

/** The normal form of containerd (platforms/database.go): aliases and default variants. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const spelled = platform.architecture.toLowerCase();
  const [architecture, impliedVariant] = ARCHITECTURES.get(spelled) ?? [spelled];
  const variant = normalizeVariant(architecture, platform.variant?.toLowerCase() || impliedVariant);
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(platform.osVersion ? { osVersion: platform.osVersion } : {}),
  };
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  const spelled = variant !== undefined && /^\d+$/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm') return spelled ?? 'v7';
  if (architecture === 'arm64' && spelled === 'v8') return undefined;
  if (architecture === 'amd64' && spelled === 'v1') return undefined;
  return spelled;
}

const COMPONENT = /^[a-z0-9_-]{1,64}$/;
const OS_VERSION = /^[A-Za-z0-9._+~-]{1,128}$/;

/**
 * A platform's normal form, where it can be written as text: then `parsePlatform(formatPlatform(p))` equals `p`.
 * Undefined for anything else, such as an architecture with a slash, or one that is a system's name.
 */
export function toPlatform(fields: Platform): Platform | undefined {
  const platform = normalizePlatform(fields);
  const { os, architecture, variant, osVersion } = platform;
  const named = [os, architecture, ...(variant === undefined ? [] : [variant])];
  const isText = named.every((part) => COMPONENT.test(part)) && !isOperatingSystem(architecture);
  return isText && (osVersion === undefined || OS_VERSION.test(osVersion)) ? platform : undefined;
}

/**
 * One platform as users write it: `linux/amd64`, `linux/arm64/v8`, `windows/amd64:10.0.17763`, or an
 * architecture alone, which means Linux. Throws `usage` for anything else.
 */
export function parsePlatform(text: string): Platform {
  const [spelled = '', osVersion, surplus] = text.trim().split(':');
  const parts = spelled.includes('/') ? spelled.split('/') : ['linux', spelled];
  const [os = '', architecture = '', variant, ...more] = parts;
  const whole = variant !== '' && more.length === 0 && osVersion !== '' && surplus === undefined;
  const platform = toPlatform({ os, architecture, variant, osVersion });
  if (!whole || platform === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${showText(text)} is not a valid platform`,
      hint: 'Write os/architecture or os/architecture/variant, for example linux/amd64 or linux/arm/v7.',
    });
  }
  return platform;
}

/** A comma-separated choice, or `all`. Throws `usage` for an empty or malformed one. */
export function parsePlatformChoice(text: string): PlatformChoice {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.includes('all')) {
    if (words.length === 1) return 'all';
    throw new OciSaveError({
      code: 'usage',
      message: `'all' cannot be combined with other platforms: ${showText(text)}`,
    });
  }
  if (words.length === 0) throw new OciSaveError({ code: 'usage', message: 'no platform is named' });
  const byName = new Map(words.map(parsePlatform).map((platform) => [formatPlatform(platform), platform]));
  return [...byName.values()];
}

export function formatPlatform({ os, architecture, variant, osVersion }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/') + (osVersion ? `:${osVersion}` : '');
}

/**
 * Whether an offered platform is the wanted one. arm64's variant is ignored, since publishers write it or leave
 * it out; others are exact. A Windows build matches itself and its revisions (`10.0.17763` takes `10.0.17763.1`).
 */
export function matchesPlatform(wanted: Platform, offered: Platform): boolean {
  const [a, b] = [normalizePlatform(wanted), normalizePlatform(offered)];
  if (a.os !== b.os || a.architecture !== b.architecture) return false;
  if (a.architecture !== 'arm64' && a.variant !== b.variant) return false;
  return a.osVersion === undefined || `${b.osVersion ?? ''}.`.startsWith(`${a.osVersion}.`);
}

/** The chosen platforms that are not among those of an image; none of an artifact, which has no platform. */
export function missingPlatforms(choice: PlatformChoice, present: readonly Platform[]): Platform[] {
  if (choice === 'all' || present.length === 0) return [];
  return choice.filter((wanted) => !present.some((platform) => matchesPlatform(wanted, platform)));
}

/** Linux on an architecture as Node names it (`process.arch`): the default choice, on macOS too. */
export function hostPlatform(nodeArch: string): Platform {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return normalizePlatform({ os: 'linux', architecture: names[nodeArch] ?? nodeArch });
}
