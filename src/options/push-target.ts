import { OciSaveError } from '../errors.ts';
import { showText } from '../oci/reference-quote.ts';
import { namesRegistry, parseReference } from '../oci/reference.ts';

/** Where images are pushed to: a registry, and a prefix for every repository's name there. */
export interface PushTarget {
  /** As it is written, normalised: `registry[:port][/prefix][@depth=N]`. */
  readonly text: string;
  readonly domain: string;
  /** Without slashes at its ends; empty without a prefix. */
  readonly prefix: string;
  /** The most parts of a repository's name; further ones are folded into the last one. */
  readonly depth: number | undefined;
}

const HINT =
  'Write registry:port/prefix, for example registry.example:5000 or ghcr.io/acme; @depth=2 after it folds longer names.';

/** Reads targets, each once. Throws `usage` for what is not a target. */
export function parsePushTargets(texts: readonly string[]): PushTarget[] {
  const targets = texts.map(parsePushTarget);
  return [...new Map(targets.map((target) => [target.text, target])).values()];
}

function parsePushTarget(text: string): PushTarget {
  const wrong = (why: string): OciSaveError =>
    new OciSaveError({
      code: 'usage',
      message: `${showText(text)} is not a push target: ${why}`,
      hint: HINT,
    });
  if (text.includes('://')) throw wrong('it begins with a protocol');
  const match = /^([^@]*?)(?<!\/)\/*(?:@depth=(\d{1,2}))?$/.exec(text);
  if (match === null) throw wrong('only depth=N is allowed after @');
  const [, place = '', folded] = match;
  // A name without dot or port would be a namespace of Docker Hub, and the push a surprise.
  if (!namesRegistry(`${place}/x`))
    throw wrong('its first part is not a registry (a host has a dot or a port)');
  const { domain, path } = parsed(`${place}/x/x`, wrong);
  const prefix = path.split('/').slice(0, -2).join('/');
  const depth = folded === undefined ? undefined : Number(folded);
  const least = prefix === '' ? 1 : prefix.split('/').length + 1;
  if (depth !== undefined && depth < least) throw wrong(`its names have at least ${least} parts`);
  const suffix = depth === undefined ? '' : `@depth=${depth}`;
  return { text: `${domain}${prefix === '' ? '' : `/${prefix}`}${suffix}`, domain, prefix, depth };
}

function parsed(text: string, wrong: (why: string) => OciSaveError): { domain: string; path: string } {
  try {
    const { domain, path, tag } = parseReference(text);
    if (tag === undefined) return { domain, path };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
  }
  throw wrong('its registry or its prefix is not valid in a reference');
}
