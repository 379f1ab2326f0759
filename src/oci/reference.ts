import { OciSaveError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { explainReference } from './reference-hint.ts';
import { MAX_REFERENCE, showText } from './reference-quote.ts';

/** The registry of names without one. */
export const DEFAULT_REGISTRY = 'docker.io';

/** Other names of Docker Hub in old lists and pasted commands. */
const DOCKER_HUB = new Set([
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
]);

/** A normalised reference (distribution's reference grammar): domain and path are always there. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
  /** A pin by another algorithm than sha256, which no image here can be found by. Only lists may have one. */
  readonly otherDigest?: string | undefined;
}

const IPV6 = /^\[[0-9a-fA-F:.]+\](?::\d{1,5})?$/;
const DOMAIN =
  /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*(?::\d{1,5})?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const MAX_NAME = 255;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether a text is a registry as references name it: a host name or an address, with a port where there is one. */
export function isDomain(text: string): boolean {
  return DOMAIN.test(text) || IPV6.test(text);
}

/** Whether a text is a repository's path by the grammar of distribution-spec (Pulling manifests), of any length. */
export function isRepositoryPath(text: string): boolean {
  return text.split('/').every((component) => PATH_COMPONENT.test(component));
}

/** A first component is a registry where it cannot be a name on Docker Hub: docker's own rule, and IPv6. */
function isDomainLike(component: string): boolean {
  return /[.:]|[A-Z]/.test(component) || component === 'localhost' || component.startsWith('[');
}

/** Whether a reference as written names its registry and needs no default. */
export function namesRegistry(text: string): boolean {
  const slash = text.indexOf('/');
  return slash > 0 && isDomainLike(text.slice(0, slash));
}

function normalizeDomain(domain: string): string {
  // Host names have no case, but lowering `Foo` would turn it into a Docker Hub namespace.
  const lowered = /[.:]/.test(domain) ? domain.toLowerCase() : domain;
  return DOCKER_HUB.has(lowered) ? DEFAULT_REGISTRY : lowered;
}

function invalid(text: string, why: string): OciSaveError {
  const { reason, hint } = explainReference(text, why);
  return new OciSaveError({
    code: 'list',
    message: `${showText(text)} is not an image reference: ${reason}`,
    hint,
  });
}

function split(text: string): Pick<Reference, 'tag' | 'digest'> & { readonly name: string } {
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'bad-digest');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  // A port is not a tag: `[::1]:5000` and `host:5000` are before a slash.
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) throw invalid(text, 'bad-tag');
  return { name: colon < 0 ? named : named.slice(0, colon), tag, digest };
}

/**
 * Reads a reference as docker does and completes it: `busybox` becomes `docker.io/library/busybox`. A missing tag
 * stays missing (`withDefaultTag` adds it); `name:tag@digest` keeps both.
 * @throws OciSaveError `list`, with the likely reason, for anything outside the grammar.
 */
export function parseReference(text: string, defaultRegistry: string = DEFAULT_REGISTRY): Reference {
  if (text.length > MAX_REFERENCE) throw invalid(text, 'too-long');
  if (!/^[\x21-\x7E]+$/.test(text)) throw invalid(text, 'bad-character');
  // Both fit the grammar, and tools print both in place of a name (reference.ParseNormalizedNamed).
  if (isDigest(text) || /^[0-9a-f]{64}$/.test(text)) throw invalid(text, 'bare-digest');
  const { name, tag, digest } = split(text);
  const slash = namesRegistry(name) ? name.indexOf('/') : -1;
  const domain = normalizeDomain(slash < 0 ? defaultRegistry : name.slice(0, slash));
  const rest = name.slice(slash + 1);
  if (!isDomain(domain)) throw invalid(text, 'bad-domain');
  const path = domain === DEFAULT_REGISTRY && !rest.includes('/') ? `library/${rest}` : rest;
  if (!isRepositoryPath(path)) throw invalid(text, 'bad-path');
  if (domain.length + path.length + 1 > MAX_NAME) throw invalid(text, 'too-long');
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Whether a text is within the grammar of references. */
export function isReference(text: string): boolean {
  try {
    return parseReference(text) !== undefined;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}

/** The reference with `latest` where it names neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  const { tag, digest, otherDigest } = reference;
  return tag === undefined && digest === undefined && otherDigest === undefined
    ? { ...reference, tag: 'latest' }
    : reference;
}

/** `domain/path`, without tag and digest. */
export function nameOf({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

/** The normalised text: `domain/path[:tag][@digest]`. */
export function formatReference(reference: Reference): string {
  const { tag, digest, otherDigest } = reference;
  const pin = digest ?? otherDigest;
  return nameOf(reference) + (tag === undefined ? '' : `:${tag}`) + (pin === undefined ? '' : `@${pin}`);
}

const SHOWN_HEX = 12;

/**
 * A reference as people read it: beside a tag no digest, which has a place of its own, and a digest alone in short. Any
 * other text stays as it is.
 */
export function shownReference(text: string): string {
  const at = text.lastIndexOf('@sha256:');
  if (at < 0 || !isDigest(text.slice(at + 1))) return text;
  const isTagged = text.indexOf(':', text.lastIndexOf('/', at) + 1) < at;
  return text.slice(0, isTagged ? at : at + '@sha256:'.length + SHOWN_HEX);
}
