import type { RegistryResponse } from './session.ts';

/** How many bytes of a blob one request may carry, as a registry says when an upload starts. */
export interface PartLimits {
  /** OCI-Chunk-Min-Length (distribution-spec), for all parts but the last one. */
  readonly least: number;
  /** OCI-Chunk-Max-Length (cloudflare/serverless-registry; opencontainers/distribution-spec#485). */
  readonly most: number;
}

/** A registry that asks for smaller parts would make one blob a thousand requests and more: it is not heeded. */
const SMALLEST_MOST = 64 * 1024;

export function partLimitsIn(headers: RegistryResponse['headers']): PartLimits {
  const bytesIn = (name: string): number | undefined => {
    const value = headers[name];
    return typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined;
  };
  const most = bytesIn('oci-chunk-max-length') ?? 0;
  return {
    least: bytesIn('oci-chunk-min-length') ?? 0,
    most: most < SMALLEST_MOST ? Number.POSITIVE_INFINITY : most,
  };
}

/** So many parts of the largest size that a registry takes are worth what has arrived. */
const FEW_PARTS = 3;

export interface PartChoice {
  readonly size: number;
  /** So many bytes have arrived. */
  readonly offset: number;
  /** Bytes that a request should carry at most; infinite for all of them. */
  readonly wanted: number;
  readonly told: PartLimits;
  /** The largest part that was not refused. */
  readonly learnt: number;
  /** Whether many parts are better than one more stream. */
  readonly many: boolean;
}

/**
 * How many bytes the next requests carry. Infinite: all from the first byte on, in a stream without a range, which
 * registries take where they refuse ranges, or large ones. Pure.
 */
export function choosePartSize({ size, offset, wanted, told, learnt, many }: PartChoice): number {
  if (offset === 0 && wanted >= size && size <= told.most) return Number.POSITIVE_INFINITY;
  const most = Math.min(told.most, learnt);
  const part = Math.min(Math.max(wanted, told.least), most);
  const rest = size - offset;
  const tooMany = part === learnt && !many && rest > FEW_PARTS * part;
  return part < told.least || tooMany ? Number.POSITIVE_INFINITY : Math.min(part, rest);
}

const COMMON_LIMIT = 4 * 1024 * 1024;
const UNITS: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * The largest part to try after one of so many bytes was refused for its size; undefined where none is left. ghcr.io names
 * its limit: 416 `the request body is too large and exceeds the maximum permissible limit of 4.00MiB`. Pure.
 */
export function smallerPart(refused: number, words: string): number | undefined {
  const [, count, unit = ''] = /\blimit\D{0,20}(\d+(?:\.\d+)?) ?([kmg]?)i?b\b/i.exec(words) ?? [];
  const limit = count === undefined ? COMMON_LIMIT : Number(count) * (UNITS[unit.toLowerCase()] ?? 1);
  const bytes = Math.floor(limit);
  return bytes > 0 && bytes < refused ? bytes : undefined;
}
