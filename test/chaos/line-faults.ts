import type { IncomingMessage } from 'node:http';
import {
  type AuthSwitches,
  type BadSwitches,
  BLOBS,
  type Failure,
  type Fault,
  MANIFESTS,
} from '../support/bad-registry.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { IMAGES } from './images.ts';
import type { MirrorFault, SourceFault, TargetFault } from './plan.ts';
import type { InterceptedAnswer } from '../support/servers/index.ts';

/** What the source at this address does wrong, as its switches have it. */
export function sourceFault(fault: SourceFault, url: string): Fault {
  return { path: pathOf(fault), after: fault.after, times: fault.times, failure: failureOf(fault, url) };
}

/** What the mirror does wrong the whole time: one that is down gives nothing of any image. */
export function mirrorFault(fault: MirrorFault): Fault {
  switch (fault.how) {
    case 'down':
      return { path: /^/, failure: { kind: 'status', status: fault.status } };
    case 'wrong bytes':
      return { path: pathOf(fault), failure: { kind: 'flip' } };
    case 'lacks':
      return { path: pathOf(fault), failure: NOT_FOUND };
  }
}

/** What a registry with tokens that everybody gets answers where it takes one no more. */
const TOKENS: AuthSwitches = { scheme: 'bearer', users: [], anonymous: true };

/** What the registry has to be like for its faults to be what they are. */
export function groundOf(faults: readonly SourceFault[]): Pick<BadSwitches, 'auth'> {
  return faults.some(({ kind }) => kind === 'token refused') ? { auth: TOKENS } : {};
}

const NOT_FOUND: Failure = {
  kind: 'status',
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
};

/** As Docker Hub answers (docs.docker.com, Docker Hub usage and limits). */
const QUOTA: Failure = {
  kind: 'status',
  status: 429,
  headers: {
    'content-type': 'application/json',
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '0;w=21600',
  },
  body: JSON.stringify({
    errors: [
      {
        code: 'TOOMANYREQUESTS',
        message:
          'You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
      },
    ],
  }),
};

/** The requests for a part of an image, of both its generations. */
function pathOf({ image, what }: Pick<SourceFault, 'image' | 'what'>): RegExp {
  const { repository, generations } = IMAGES[image] as (typeof IMAGES)[number];
  const tops = generations.map(({ top }) => top);
  const layers = generations.flatMap(layersOf);
  const base = `^/v2/${repository}/`;
  switch (what) {
    case 'top':
      return new RegExp(`${base}manifests/(1|${tops.join('|')})$`);
    case 'child':
      return new RegExp(`${base}manifests/(?!1$|${tops.join('|')})`);
    case 'layer':
      return new RegExp(`${base}blobs/(${layers.join('|')})`);
    case 'others':
      return new RegExp(`${base}blobs/(?!${layers.join('|')})`);
    case 'any':
      return new RegExp(base);
    case 'manifests':
      return MANIFESTS;
  }
}

/** The layers of programs; of images without such, their largest blob. */
function layersOf(image: Image): Digest[] {
  const layers = [...image.blobs].filter(([, { length }]) => length > 10_000).map(([digest]) => digest);
  return layers.length > 0 ? layers : [largestBlobOf(image)];
}

function failureOf({ kind, share, status, bytesPerSecond, image }: SourceFault, url: string): Failure {
  switch (kind) {
    case 'reset':
      return { kind: 'reset', at: share };
    case 'truncated':
      return { kind: 'cut', at: share };
    case 'wrong bytes':
      return { kind: 'flip' };
    case '429':
      return { kind: 'status', status: 429 };
    case '429 with Retry-After':
      return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
    case '5xx':
      return { kind: 'status', status };
    case 'stall':
      return { kind: 'stall', at: share };
    case 'slow':
      return { kind: 'rate', bytesPerSecond };
    case 'web page':
      return { kind: 'html' };
    case 'gzip':
      return { kind: 'encode', encoding: 'gzip' };
    case 'not found':
      return NOT_FOUND;
    case 'false digest':
      return { kind: 'headers', headers: { 'docker-content-digest': digestOf(new Uint8Array()) } };
    case 'quota':
      return QUOTA;
    case 'token refused': {
      const scope = `repository:${IMAGES[image]?.repository}:pull`;
      const challenge = `Bearer realm="${url}/token",service="bad registry",scope="${scope}",error="invalid_token"`;
      return { kind: 'status', status: 401, headers: { 'www-authenticate': challenge } };
    }
  }
}

/** What is answered in the target's place; a reset needs no answer. */
export function targetFaults(
  faults: readonly TargetFault[],
  onStrike: (fault: TargetFault) => void,
): (request: IncomingMessage) => InterceptedAnswer | undefined {
  const seen = new Map<TargetFault, number>();
  return (request) => {
    for (const fault of faults) {
      const { method, what, after, times, kind, status } = fault;
      if (request.method !== method || request.url?.includes(`/${what}/`) !== true) continue;
      const nth = (seen.get(fault) ?? 0) + 1;
      seen.set(fault, nth);
      if (nth <= after || nth > after + times) continue;
      onStrike(fault);
      if (kind === 'reset') request.socket.resetAndDestroy();
      if (kind === '429 with Retry-After') return { status: 429, headers: { 'retry-after': '1' } };
      return { status: kind === '429' ? 429 : status };
    }
    return undefined;
  };
}

/** Holds the large layer of an image at its half, until the promise settles. */
export function held(image: number, until: Promise<unknown>): Fault {
  const layers = IMAGES[image]?.generations.map(largestBlobOf) ?? [];
  return {
    path: new RegExp(`${BLOBS.source}(${layers.join('|')})`),
    times: 1,
    failure: { kind: 'stall', at: 0.5, until },
  };
}
