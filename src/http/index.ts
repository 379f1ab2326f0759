export {
  insecureHosts,
  type InsecureHosts,
  isPrivateHost,
  isPrivateSender,
  privateAddressError,
} from './address.ts';
export { abortable } from './abortable.ts';
export { LEAST_BYTES_A_SECOND } from './response/body.ts';
export {
  createHttpClient,
  type HttpClient,
  type Judge,
  MAX_HOLD_MILLISECONDS,
  type Refused,
} from './client.ts';
export { type BodyPart, cannotResume, download, partIn, rangeHeader } from './response/download.ts';
export {
  isTemporary,
  isTemporaryStatus,
  isUnknownName,
  looksLikePlainHttp,
  networkError,
  refusalError as plainRefusalError,
} from './response/error.ts';
export { fetchBytes, fetchFile, type FetchLimits, type FetchOptions } from './fetch-file.ts';
export { type HttpRequest, type HttpResponse, redirectTarget } from './follow.ts';
export { type ErrorParser, formatRefusal, type Refusal, refusalOf, shown } from './response/refusal.ts';
export { nodeHttp } from './node-http.ts';
export { type Environment, proxyFor, readProxies } from './proxies.ts';
export type { Lane } from './rate-limiter.ts';
export { inOtherWords, isSpent, type RetryPolicy, withRetries } from './retry.ts';
export type { Method, StreamedBody } from './transport.ts';
export {
  type ClientCertificate,
  contextOf,
  ownAuthorities,
  type TlsMaterial,
  type Trust,
} from './tls/contexts.ts';
