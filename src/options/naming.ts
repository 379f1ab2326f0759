import { OciSaveError } from '../errors.ts';
import { parseReference } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';

/** How a reference becomes stored names; each rule adds one. */
export type NamingRule =
  | { readonly kind: 'keep-domain' }
  | { readonly kind: 'strip-domain' }
  | { readonly kind: 'strip-library' }
  | { readonly kind: 'prefix'; readonly from: string; readonly to: string };

/** Reads `naming`. Throws `usage` for what is not a rule. */
export function parseNamingRule(text: string): NamingRule {
  if (text === 'keep-domain' || text === 'strip-domain' || text === 'strip-library') return { kind: text };
  const [from = '', to = '', ...more] = text.split('=').map((part) => part.trim().replace(/\/$/, ''));
  if (from === '' || to === '' || more.length > 0 || !isNamePrefix(to)) {
    throw new OciSaveError({
      code: 'usage',
      message: `naming: ${showText(text)} is not a rule`,
      hint: 'Write keep-domain, strip-domain, strip-library, or FROM=TO, for example docker.io/=mirror.example/hub/.',
    });
  }
  return { kind: 'prefix', from, to };
}

function isNamePrefix(text: string): boolean {
  try {
    parseReference(`${text}/x`);
    return true;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}
