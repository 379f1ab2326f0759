import { OciSaveError } from '../errors.ts';
import { parseReference } from '../oci/reference.ts';

/**
 * Checks a registry for names without one, once, before every line without a host fails for it. `what` names it in
 * the message; its text is not shown, since people paste addresses with passwords.
 * @throws OciSaveError `usage` where it is no host name
 */
export function checkDefaultRegistry(registry: string, what: string): void {
  try {
    parseReference('image', registry);
  } catch (cause) {
    if (!(cause instanceof OciSaveError)) throw cause;
    throw new OciSaveError({
      code: 'usage',
      message: `${what} is no host name`,
      hint: 'Write a host, with a port if need be: registry.example:5000.',
      cause,
    });
  }
}
