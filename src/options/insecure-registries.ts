import { OciSaveError } from '../errors.ts';
import { isDomain } from '../oci/reference.ts';
import { showText } from '../oci/reference-quote.ts';

/**
 * Reads `insecure-registries`: hosts, each as references write it. Any other text fits no registry, and one with a
 * password before its host would be written to the report.
 * @throws OciSaveError `usage` for what is not a host, without the password that it may have
 */
export function parseInsecureRegistries(texts: readonly string[]): string[] {
  return texts.map((text) => {
    if (isDomain(text)) return text;
    throw new OciSaveError({
      code: 'usage',
      message: `insecure-registries: ${showText(text)}: ${reasonOf(text)}`,
      hint: 'Write the host as references do, with its port where they have one, for example registry.example:5000.',
    });
  });
}

function reasonOf(text: string): string {
  if (text.includes('@')) return 'a user does not belong to a host';
  if (text.includes('://')) return 'a host begins with no protocol';
  return text.includes('/') ? 'a host has no path' : 'it is not a host';
}
