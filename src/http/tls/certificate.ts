import type { Socket } from 'node:net';
import { type Certificate, type PeerCertificate, TLSSocket } from 'node:tls';
import { systemCodeOf } from '../../errors.ts';
import { shown } from '../response/refusal.ts';

/** OpenSSL's names of what can be wrong with a certificate. Node says `UNSPECIFIED` for those that it does not know. */
const REFUSED =
  /^(CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|UNSPECIFIED$)/;

/** A chain is no longer than this; a server may send more. */
const MAX_CHAIN = 10;

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Whether an error's code says that a server's certificate was refused. */
export function isCertificateCode(code: string): boolean {
  return REFUSED.test(code);
}

/** What a connection fails with whose server's certificate is not accepted. */
export class CertificateRefused extends Error {
  readonly code: string;
  /** The server's own certificate, then who signed it, as far as they were sent or are known; none where Node hid them. */
  readonly chain: readonly PeerCertificate[];
  constructor(code: string, chain: readonly PeerCertificate[], cause: Error) {
    super(cause.message, { cause });
    this.code = code;
    this.chain = chain;
  }
}

/**
 * Keeps the certificates that a connection is about to be refused for: Node forgets them with the socket.
 * @returns what makes an error of the connection one that has them; every other error stays as it is
 */
export function watchCertificates(): {
  readonly socket: (socket: Socket) => void;
  readonly explain: (error: Error) => Error;
} {
  let chain: readonly PeerCertificate[] = [];
  return {
    socket(socket) {
      // Emitted by Node before it judges the certificates. A connection that is used again was judged: nothing comes.
      if (socket instanceof TLSSocket && socket.connecting)
        socket.prependOnceListener('secure', () => (chain = chainOf(socket)));
    },
    explain(error) {
      const code = systemCodeOf(error) ?? '';
      return isCertificateCode(code) ? new CertificateRefused(code, chain, error) : error;
    },
  };
}

/** The certificates that a server has shown, its own first. */
export function chainOf(socket: TLSSocket): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  let next = socket.getPeerCertificate(true);
  // The last one has signed itself, or names none.
  while (next?.subject !== undefined && chain.length < MAX_CHAIN && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

/** Why a certificate is not accepted, with its subject and issuer, as the rest of a sentence. */
export function certificateWords(
  { code, chain }: Pick<CertificateRefused, 'code' | 'chain'>,
  now = Date.now(),
): string {
  const [own, ...signers] = chain;
  if (own === undefined) return `has a certificate that is not accepted (${code})`;
  const names = `its subject is ${nameOf(own.subject)}, its issuer ${nameOf(own.issuer)} (${code})`;
  return `has a certificate that is not accepted: ${reasonOf(code, own, signers, now)}; ${names}`;
}

function reasonOf(
  code: string,
  own: PeerCertificate,
  signers: readonly PeerCertificate[],
  now: number,
): string {
  const all = [own, ...signers];
  const which = (one: PeerCertificate): string => (one === own ? 'it' : `that of ${nameOf(one.subject)}`);
  const expired = all.find(({ valid_to }) => Date.parse(valid_to) < now);
  if (code === 'CERT_HAS_EXPIRED' && expired !== undefined)
    return `${which(expired)} expired on ${dayOf(expired.valid_to)}`;
  const early = all.find(({ valid_from }) => Date.parse(valid_from) > now);
  if (code === 'CERT_NOT_YET_VALID' && early !== undefined)
    return `${which(early)} is valid from ${dayOf(early.valid_from)} on`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `it is for other names (${shown(own.subjectaltname ?? 'none', [])})`;
  const unfit = signers.find(({ ca }) => !ca);
  if (unfit !== undefined)
    return `${nameOf(unfit.subject)}, which signed it, is no authority and may not sign`;
  const purposes = own.ext_key_usage;
  if (purposes !== undefined && !purposes.includes(SERVER_AUTH)) return 'it is not one of a server';
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code)) {
    return `${nameOf((all.at(-1) ?? own).issuer)} is no authority that is known here`;
  }
  return 'its chain does not hold';
}

function nameOf(name: Certificate): string {
  const parts = Object.entries(name).flatMap(([key, value]) => [value].flat().map((one) => `${key}=${one}`));
  return shown(parts.join(', '), []) || 'without a name';
}

function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
