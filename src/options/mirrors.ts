import { OciSaveError } from '../errors.ts';
import { isReference, namesRegistry, parseReference } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';

/** Where the repositories below a name are read first. */
export interface MirrorRule {
  /** A registry, or a registry and the beginning of paths; normalised. */
  readonly prefix: string;
  /** What takes the prefix's place: the same. */
  readonly location: string;
}

/**
 * Reads `mirrors`. The same prefix may come several times: its mirrors are asked in this order.
 * @throws OciSaveError `usage` for what is not `PREFIX=LOCATION`
 */
export function parseMirrors(texts: readonly string[]): MirrorRule[] {
  return texts.map((text) => {
    const wrong = (why: string): OciSaveError =>
      new OciSaveError({
        code: 'usage',
        message: `mirrors: ${showText(text)}: ${why}`,
        hint: 'Write PREFIX=LOCATION, each a registry or a registry with a path, for example docker.io=mirror.example:5000/hub.',
      });
    const [prefix = '', location = '', ...more] = text.split('=').map((part) => part.trim());
    if (more.length > 0 || prefix === '' || location === '') throw wrong('it is not PREFIX=LOCATION');
    const rule = { prefix: placeOf(prefix, wrong), location: placeOf(location, wrong) };
    if (rule.prefix === rule.location) throw wrong('both are the same');
    return rule;
  });
}

function placeOf(text: string, wrong: (why: string) => OciSaveError): string {
  if (text.includes('://')) throw wrong('a place begins with no protocol');
  const place = text.replace(/\/$/, '');
  // A name without dot or port would be a namespace of Docker Hub.
  if (!namesRegistry(`${place}/x`))
    throw wrong(`${showText(place)} does not begin with a registry (a host has a dot or a port)`);
  if (!isReference(`${place}/x/x`)) throw wrong(`${showText(place)} is no registry with a path`);
  const { domain, path } = parseReference(`${place}/x/x`);
  return [domain, ...path.split('/').slice(0, -2)].join('/');
}
