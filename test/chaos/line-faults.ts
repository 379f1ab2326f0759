import type { IncomingMessage } from 'node:http';
import { BLOBS, type Failure, type Fault } from '../support/bad-registry.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { IMAGES } from './images.ts';
import type { SourceFault, TargetFault } from './plan.ts';
import type { InterceptedAnswer } from '../support/servers/index.ts';

/** What the source does wrong, as its switches have it. */
export function sourceFault(fault: SourceFault): Fault {
  return { path: pathOf(fault), times: fault.times, failure: failureOf(fault) };
}

/** The requests for a part of an image, of both its generations. */
function pathOf({ image, what }: SourceFault): RegExp {
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
  }
}

/** The layers of programs; of images without such, their largest blob. */
function layersOf(image: Image): Digest[] {
  const layers = [...image.blobs].filter(([, { length }]) => length > 10_000).map(([digest]) => digest);
  return layers.length > 0 ? layers : [largestBlobOf(image)];
}

function failureOf({ kind, share, status, bytesPerSecond }: SourceFault): Failure {
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
