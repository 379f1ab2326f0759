import { messageOf, OciSaveError, systemCodeOf } from '../../errors.ts';
import { type Hint, hint, option } from '../../text/hint.ts';
import { type Proxy, proxyWords } from '../proxies.ts';
import { formatRefusal, type Refusal } from './refusal.ts';
import { CertificateRefused, certificateWords, isCertificateCode } from '../tls/certificate.ts';

interface NetworkFault {
  /** What the host did, as the rest of a sentence. */
  readonly words: string;
  readonly hint?: Hint | undefined;
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

/** Node's code where a proxy does not open a tunnel. */
const TUNNEL = 'ERR_PROXY_TUNNEL';

/** No name server knows the name; one that does not answer is EAI_AGAIN (getaddrinfo(3)). */
const UNKNOWN_NAME = 'ENOTFOUND';
const CHECK_NAME = 'Check how the host is written, and that this machine can resolve its name.';

/** What fails where no connection comes about. */
const CONNECTING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);

const NOT_TLS = /^(EPROTO|ERR_SSL_)/;

/** What a server says that refuses this client's certificate, or that it has none (RFC 8446, 6.2). */
const CLIENT_REFUSED = /^ERR_SSL_.*ALERT_(CERTIFICATE_|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)/;

/** What helps against a certificate that no authority makes better. */
const CERTIFICATE_HINTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Ask who runs the host to renew it, and check the clock of this machine',
  CERT_NOT_YET_VALID: 'Check the clock of this machine, and ask who runs the host',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Write the host as its certificate has it, or ask who runs it for one that has this name',
};

const UNKNOWN_AUTHORITY = hint`Name the authority that signed it with ${option('caFile')}, put it as a file *.crt into the host's folder in ${option('certsDir')}, or name it in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS`;

/**
 * What a failure of Node's network code means. Only its code is shown: the message may name a proxy with its
 * password.
 */
function networkFault(cause: unknown): NetworkFault {
  // What was to be sent and cannot be sent is not a fault of the network.
  if (cause instanceof OciSaveError)
    return { words: messageOf(cause), permanent: cause.code === 'local' || cause.code === 'digest' };
  const code = systemCodeOf(cause) ?? 'no reason given';
  if (CLIENT_REFUSED.test(code)) {
    return {
      words: `asks for a client certificate that it accepts (${code})`,
      hint: hint`Put it and its key as client.cert and client.key into a folder of the host's name, and name the folder that has it with ${option('certsDir')}.`,
      permanent: true,
    };
  }
  if (NOT_TLS.test(code)) {
    return {
      words: `does not speak TLS as it should (${code})`,
      hint: hint`If it is a plain HTTP registry that you trust, name it with ${option('insecureRegistries')}.`,
      permanent: true,
    };
  }
  if (isCertificateCode(code)) {
    return {
      words: certificateWords(cause instanceof CertificateRefused ? cause : { code, chain: [] }),
      hint: hint`${CERTIFICATE_HINTS[code] ?? UNKNOWN_AUTHORITY}; only if you must, name the host with ${option('insecureRegistries')}.`,
      permanent: true,
    };
  }
  const words = FAULTS[code];
  if (words !== undefined)
    return {
      words: `${words} (${code})`,
      hint: code === UNKNOWN_NAME ? CHECK_NAME : undefined,
      permanent: false,
    };
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT') || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return {
      words: `sent a body that is not compressed as it says, or not whole (${code})`,
      permanent: false,
    };
  if (code.startsWith('HPE_')) return { words: `sent what is not HTTP (${code})`, permanent: false };
  if (code.startsWith('ERR_PROXY')) {
    const status = statusOf(cause);
    return {
      words: `is not reached through the proxy (${code})`,
      permanent: status !== undefined && !isTemporaryStatus(status),
    };
  }
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

/** Whether a status is one that goes away by itself; 501 says 'never', and 507 that a disk is full. */
export function isTemporaryStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 507);
}

/** The error for a response that is not a success, by its status alone. */
export function refusalError(subject: string, refusal: Refusal): OciSaveError {
  const { host, status } = refusal;
  const code = isTemporaryStatus(status)
    ? 'network'
    : status === 404 || status === 410
      ? 'not-found'
      : status === 401 || status === 403
        ? 'denied'
        : 'unsupported';
  return new OciSaveError({
    code,
    message: `${subject}: ${host} answered ${formatRefusal(refusal)}`,
    cause: refusal,
  });
}

/** The error for a request that got no response, or one that broke off `after` so many bytes. */
export function networkError(subject: string, host: string, cause: unknown, after = ''): OciSaveError {
  const { words, hint: help } = networkFault(cause);
  const message = `${subject}: ${host} ${words}${after}`;
  return new OciSaveError({ code: 'network', message, hint: help, cause });
}

/** The same, with another hint where no connection came about. */
export function unreachedError(
  subject: string,
  host: string,
  cause: unknown,
  words: string | undefined,
): OciSaveError {
  const error = networkError(subject, host, cause);
  if (words === undefined || !isUnreached(cause)) return error;
  return new OciSaveError({ code: error.code, message: error.message, hint: words, cause });
}

/** Whether no connection came about: the name is unknown, or nobody answers there. */
function isUnreached(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && CONNECTING.has(cause.syscall);
}

/** An answer that only a proxy gives, to what is not asked through a tunnel (RFC 9110, 15.5.8). */
export class ProxyRefusal extends Error {
  readonly code = TUNNEL;
  readonly statusCode: number;
  constructor(status: number) {
    super(`the proxy answered ${status}`);
    this.statusCode = status;
  }
}

/** The error for a request that its proxy did not let through, or whose proxy was not reached; else undefined. */
export function proxyError(
  subject: string,
  host: string,
  cause: unknown,
  proxy: Proxy,
): OciSaveError | undefined {
  const { variable } = proxy;
  const code = systemCodeOf(cause);
  const status = statusOf(cause);
  // No other connection is made than that to the proxy.
  const unreached = isUnreached(cause);
  if (code !== TUNNEL && !unreached) return undefined;
  const words = unreached
    ? networkFault(cause).words
    : status === undefined
      ? `opened no way to it (${TUNNEL})`
      : `answered ${status}`;
  const login =
    status === 407 ? `Write user and password into it: ${variable}=http://user:password@host:port. ` : '';
  return new OciSaveError({
    code: 'network',
    message: `${subject}: ${proxyWords(proxy, host)} ${words}`,
    hint: `${login}Check ${variable}; a host that is reached without a proxy is named in NO_PROXY.`,
    cause,
  });
}

/** The status with which a proxy refused a tunnel. */
function statusOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('statusCode' in cause)) return undefined;
  return typeof cause.statusCode === 'number' ? cause.statusCode : undefined;
}

/**
 * Whether another attempt may help: a network fault that is not one of trust or protocol. An error that is not of this
 * folder is temporary where it is classed `network`.
 */
export function isTemporary(error: unknown): boolean {
  return error instanceof OciSaveError && error.code === 'network' && !networkFault(error.cause).permanent;
}

/** Whether a host's name is known to no name server: one more attempt shows whether that was a moment's fault. */
export function isUnknownName(error: unknown): boolean {
  return error instanceof OciSaveError && systemCodeOf(error.cause) === UNKNOWN_NAME;
}
