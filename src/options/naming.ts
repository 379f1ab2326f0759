import { OciSaveError } from '../errors.ts';
import { isReference } from '../oci/reference.ts';
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
  if (from === '' || to === '' || more.length > 0 || !isReference(`${to}/x`)) {
    throw new OciSaveError({
      code: 'usage',
      message: `naming: ${showText(text)} is not a rule`,
      hint: 'Write keep-domain, strip-domain, strip-library, or FROM=TO, for example docker.io/=mirror.example/hub/.',
    });
  }
  return { kind: 'prefix', from, to };
}
