import { messageOf, OciSaveError, systemCodeOf } from '../errors.ts';

export interface NetworkFault {
  /** What the host did, as the rest of a sentence. */
  readonly words: string;
  readonly hint?: string;
  /** Asking again will not help. */
  readonly permanent: boolean;
}

const FAULTS: Record<string, string> = {
  ENOTFOUND: 'has a name that cannot be resolved',
  EAI_AGAIN: 'has a name that cannot be resolved now',
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  ETIMEDOUT: 'cannot be reached',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

const NOT_TLS = /^(EPROTO|ERR_SSL_)/;

const CERTIFICATE =
  /^(CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

/**
 * What a failure of Node's network code means. Only its code is shown: the message may name a proxy with its
 * password.
 */
export function networkFault(cause: unknown): NetworkFault {
  // What was to be sent and cannot be, is no fault of the network.
  if (cause instanceof OciSaveError)
    return { words: messageOf(cause), permanent: cause.code === 'local' || cause.code === 'digest' };
  const code = systemCodeOf(cause) ?? 'no reason given';
  if (NOT_TLS.test(code)) {
    return {
      words: `does not speak TLS as it should (${code})`,
      hint: 'If it is a plain HTTP registry that you trust, name it under insecure-registries.',
      permanent: true,
    };
  }
  if (CERTIFICATE.test(code)) {
    return {
      words: `has a certificate that is not trusted (${code})`,
      hint:
        'Name the certificate authority (NODE_EXTRA_CA_CERTS=FILE); only if you must, name the host under ' +
        'insecure-registries.',
      permanent: true,
    };
  }
  const words = FAULTS[code];
  if (words !== undefined) return { words: `${words} (${code})`, permanent: false };
  if (code.startsWith('HPE_')) return { words: `sent what is no HTTP (${code})`, permanent: false };
  if (code.startsWith('ERR_PROXY'))
    return { words: `is not reached through the proxy (${code})`, permanent: false };
  return { words: `broke the transfer off (${code})`, permanent: false };
}

/**
 * Whether a failed TLS attempt looks like a server of plain HTTP: it answered in another language, hung up on
 * the greeting, or nobody listens on the port of https.
 */
export function looksLikePlainHttp(cause: unknown): boolean {
  const code = systemCodeOf(cause) ?? '';
  return NOT_TLS.test(code) || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}
