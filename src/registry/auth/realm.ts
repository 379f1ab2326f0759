import { OciSaveError } from '../../errors.ts';
import { isPrivateHost } from '../../http/address.ts';

export interface Realm {
  /** What was asked for, as messages call it. */
  readonly subject: string;
  /** The address of the registry that named the realm, and whether the user named it as insecure. */
  readonly registry: URL;
  readonly insecure: boolean;
  readonly realm: string;
}

/**
 * The address of a token service. A stranger named it and it gets a password: it has to be https, and no
 * private address where the registry is a public one; an insecure registry may name any.
 * @throws OciSaveError `unsupported` for any other
 */
export function checkedRealm({ realm, registry, insecure, subject }: Realm): URL {
  const refuse = (why: string, hint?: string): OciSaveError =>
    new OciSaveError({
      code: 'unsupported',
      message: `${subject}: ${registry.host} names a token service ${why}`,
      hint,
    });
  if (!URL.canParse(realm)) throw refuse('that is no address');
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')) {
    throw refuse(
      'that is not https, and would be sent credentials',
      `Only for a registry that you trust: name ${registry.host} under insecure-registries.`,
    );
  }
  if (!insecure && isPrivateHost(url.hostname) && !isPrivateHost(registry.hostname)) {
    throw refuse(`at the private address ${url.hostname}`);
  }
  return url;
}
