/** The error codes of distribution-spec ("Error Codes") that a pull-only registry needs, and docker's two more. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

/** Why a request is refused: a value, since most refusals are not failures of ours. */
export interface Refusal {
  readonly refused: RegistryErrorCode;
  readonly status: number;
  readonly message: string;
}

/** Bytes that are read while they are sent. Its receiver calls `close`, whether it was read or not. */
export interface StreamedBody {
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A HEAD has the headers of its GET, so `content-length` is set apart from the body. */
  readonly body?: Uint8Array | StreamedBody;
  /** A fault of this server, for its operator; without a path of this machine. */
  readonly problem?: string;
}

export function refuse(status: number, refused: RegistryErrorCode, message: string): Refusal {
  return { refused, status, message };
}

export function isRefusal(value: object): value is Refusal {
  return 'refused' in value;
}

/** The JSON form of errors (distribution-spec, "Error Codes"). */
export function refusalResponse(refusal: Refusal): RegistryResponse {
  const { refused: code, status, message } = refusal;
  const response = jsonResponse({ errors: [{ code, message, detail: null }] }, status);
  return status < 500 ? response : { ...response, problem: message };
}

export function jsonResponse(
  json: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): RegistryResponse {
  const body = new TextEncoder().encode(JSON.stringify(json));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers },
    body,
  };
}
