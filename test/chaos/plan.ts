import { IMAGES } from './images.ts';
import { type Random, seeded } from './random.ts';

/** What goes wrong on the line to a registry, once or again and again. */
export const LINE_KINDS = [
  'reset',
  'truncated',
  'wrong bytes',
  '429',
  '429 with Retry-After',
  '5xx',
  'stall',
  'slow',
  'web page',
  'gzip',
  'not found',
  'false digest',
  'quota',
  'token refused',
] as const;
export type LineKind = (typeof LINE_KINDS)[number];

export const KINDS = [
  ...LINE_KINDS,
  'mirror',
  'skopeo killed',
  'killed',
  'interrupted',
  'full disk',
  'two writers',
  'damaged store',
  'moved tag',
] as const;
export type Kind = (typeof KINDS)[number];

/** When something happens: after a share of the requests, or when the run has begun to write what it names. */
export type Moment =
  | { readonly at: 'request'; readonly share: number }
  | { readonly at: 'folder'; readonly share: number }
  | { readonly at: 'archive' }
  | { readonly at: 'swap' };

/** What is asked of an image; `manifests` are those of all images. */
type Part = 'top' | 'child' | 'layer' | 'others' | 'any' | 'manifests';

export interface SourceFault {
  readonly kind: LineKind;
  readonly side: 'source';
  /** Its number in `IMAGES`. */
  readonly image: number;
  readonly what: Part;
  /** Of the requests for it, so many pass before. */
  readonly after: number;
  /** Of the body, before it happens. */
  readonly share: number;
  readonly times: number;
  readonly status: number;
  readonly bytesPerSecond: number;
}

export interface TargetFault {
  readonly kind: LineKind;
  readonly side: 'target';
  readonly method: 'HEAD' | 'POST' | 'PATCH' | 'PUT';
  readonly what: 'manifests' | 'blobs';
  /** So many of these requests pass before. */
  readonly after: number;
  readonly times: number;
  readonly status: number;
}

/** A mirror that does not give what the source gives. */
export interface MirrorFault {
  readonly kind: 'mirror';
  readonly side: 'mirror';
  readonly how: 'down' | 'wrong bytes' | 'lacks';
  readonly image: number;
  readonly what: Part;
  readonly status: number;
}

export type LineFault = SourceFault | TargetFault;

export type ProcessFault =
  | { readonly kind: 'skopeo killed'; readonly image: number }
  | { readonly kind: 'killed'; readonly when: Moment }
  | { readonly kind: 'interrupted'; readonly when: Moment; readonly signal: 'SIGINT' | 'SIGTERM' }
  | { readonly kind: 'full disk'; readonly when: Moment; readonly leave: number }
  | { readonly kind: 'two writers'; readonly when: Moment; readonly same: 'output' | 'store' }
  | {
      readonly kind: 'damaged store';
      readonly image: number;
      readonly what: 'top' | 'layer' | 'others';
      readonly how: 'flip' | 'truncate' | 'remove';
      /** In the file that the earlier bundle has too, or in another one that took its place in the store. */
      readonly inPlace: boolean;
    }
  | { readonly kind: 'moved tag'; readonly image: number; readonly when: Moment };

export type FaultPlan = LineFault | MirrorFault | ProcessFault;

export interface Plan {
  readonly seed: number;
  readonly at: number;
  readonly copier: 'skopeo' | 'direct';
  /** Whether a whole bundle of the first generation stands at the output, with its store. */
  readonly earlier: boolean;
  /** The images whose tags have moved since, by number. */
  readonly renewed: readonly number[];
  readonly archive: 'none' | 'tar' | 'parts';
  readonly push: boolean;
  /** Whether a mirror is asked before the source. */
  readonly mirror: boolean;
  readonly retries: number;
  readonly parallel: number;
  /** Runs one after the other, each with its faults. */
  readonly steps: readonly (readonly FaultPlan[])[];
}

/** The plan of one run: of its seed and number alone. As many runs in a row as there are kinds have each of them first once. */
export function planRun(seed: number, at: number): Plan {
  const random = seeded(seed, at);
  const first = KINDS[(at + Math.abs(seed)) % KINDS.length] as Kind;
  const kinds = [first, ...random.some(KINDS, random.pick([0, 0, 1, 2]))];
  const second = random.chance(0.25) ? random.some(KINDS, random.pick([1, 1, 2])) : [];
  const all = [...kinds, ...second];
  const earlier = all.includes('damaged store') || random.chance(0.6);
  // Without a moved tag the bundle is to be what it was: that must hold, too, but is soon over.
  const renewed = earlier
    ? random.some(
        IMAGES.map((_, number) => number),
        random.pick([0, 2, 3, 4, 6]),
      )
    : [];
  const withLarge = renewed.length > 0 && !renewed.some(isLarge) ? [...renewed, 1] : renewed;
  const push = random.chance(0.25);
  const archive = random.pick(['none', 'tar', 'tar', 'parts']);
  const scene: Scene = {
    fetched: withLarge.length > 0 ? withLarge : IMAGES.map((_, number) => number),
    archive: archive !== 'none',
    earlier,
    unchanged: earlier && renewed.length === 0,
    push,
  };
  return {
    seed,
    at,
    // Not by the number alone: with an even count of kinds, each would meet one copier for ever.
    copier:
      all.includes('skopeo killed') || (at + Math.floor(at / KINDS.length)) % 2 === 0 ? 'skopeo' : 'direct',
    earlier,
    renewed: withLarge,
    archive,
    push,
    mirror: all.includes('mirror'),
    retries: random.pick([0, 1, 2, 3]),
    parallel: random.pick([1, 2, 8]),
    steps: [kinds, ...(second.length > 0 ? [second] : [])].map((step) =>
      [...new Set(step)].map((kind) => planFault(random, kind, scene)),
    ),
  };
}

interface Scene {
  readonly fetched: readonly number[];
  readonly archive: boolean;
  readonly earlier: boolean;
  /** Nothing is fetched or written, unless something makes it necessary. */
  readonly unchanged: boolean;
  readonly push: boolean;
}

function isLarge(number: number): boolean {
  return IMAGES[number]?.large === true;
}

function planFault(random: Random, kind: Kind, scene: Scene): FaultPlan {
  if (isLineKind(kind)) return planLineFault(random, kind, scene);
  const when = planMoment(random, scene);
  switch (kind) {
    case 'mirror':
      return {
        kind,
        side: 'mirror',
        how: random.pick(['down', 'wrong bytes', 'lacks']),
        ...planPart(random, scene),
        status: random.pick([502, 503]),
      };
    case 'skopeo killed':
      return { kind, image: oneOf(random, scene.fetched.filter(isLarge)) };
    case 'killed':
      return { kind, when };
    case 'interrupted':
      return { kind, when, signal: random.pick(['SIGINT', 'SIGTERM']) };
    case 'full disk':
      return { kind, when, leave: random.pick([0, 4096, 200_000, 1_500_000]) };
    case 'two writers':
      return { kind, when, same: random.pick(['output', 'store']) };
    case 'damaged store':
      return {
        kind,
        image: random.below(IMAGES.length),
        what: random.pick(['top', 'layer', 'others']),
        how: random.pick(['flip', 'truncate', 'remove']),
        inPlace: random.chance(0.5),
      };
    case 'moved tag':
      return { kind, image: random.below(IMAGES.length), when };
  }
}

function isLineKind(kind: Kind): kind is LineKind {
  return LINE_KINDS.some((one) => one === kind);
}

function planLineFault(random: Random, kind: LineKind, scene: Scene): LineFault {
  const times = random.pick([1, 1, 2, 3, 50]);
  const status = random.pick([500, 502, 503, 504]);
  const both = kind === 'reset' || kind.startsWith('429') || kind === '5xx';
  if (scene.push && both && random.chance(0.5)) {
    const method = random.pick(['HEAD', 'POST', 'PATCH', 'PUT']);
    const what = random.pick(['manifests', 'blobs']);
    return { kind, side: 'target', method, what, after: random.below(12), times, status };
  }
  const { image, what } = planPart(random, scene);
  return {
    kind,
    side: 'source',
    image,
    what: partOf(kind, what),
    // A quota ends while there are still manifests to be asked for: ten tags, at least.
    after: kind === 'quota' ? random.below(IMAGES.length) : 0,
    share: random.share(),
    times: timesOf(kind, times),
    status,
    bytesPerSecond: random.pick([500_000, 1_000_000]),
  };
}

/** A part that is there: only an index has children. */
function planPart(
  random: Random,
  { unchanged, fetched }: Scene,
): { readonly image: number; readonly what: Part } {
  const image = oneOf(random, fetched);
  const what = random.pick(['top', 'child', 'layer', 'layer', 'others', 'any']);
  if (unchanged) return { image, what: 'top' };
  if (what !== 'child') return { image, what };
  const index = fetched.find((number) => IMAGES[number]?.index === true);
  return index === undefined ? { image, what: 'top' } : { image: index, what };
}

/** Only manifests say their digest, and only they count as pulls. */
function partOf(kind: LineKind, part: Part): Part {
  if (kind === 'quota') return 'manifests';
  return kind !== 'false digest' || part === 'child' ? part : 'top';
}

function timesOf(kind: LineKind, times: number): number {
  // What stalls for ever is cut after three seconds each time.
  if (kind === 'stall') return 1;
  return kind === 'quota' ? EVER : times;
}

/** More often than any run asks. */
const EVER = 1000;

function planMoment(random: Random, { archive, earlier, unchanged }: Scene): Moment {
  const request: Moment = { at: 'request', share: random.share() };
  if (unchanged) return request;
  const folder: Moment = { at: 'folder', share: random.share() };
  return random.pick<Moment>([
    request,
    request,
    folder,
    archive ? { at: 'archive' } : folder,
    earlier ? { at: 'swap' } : request,
  ]);
}

function oneOf(random: Random, numbers: readonly number[]): number {
  return numbers[random.below(numbers.length)] ?? 1;
}
