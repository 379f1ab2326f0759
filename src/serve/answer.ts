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

/** A question that has no good answer: a value, since most of them are nobody's fault. */
export interface Refusal {
  readonly refused: RegistryErrorCode;
  readonly status: number;
  readonly message: string;
}

/** Bytes that are read while they are sent. Whoever gets one calls `close`, read or not. */
export interface StreamedBody {
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A HEAD has the headers of its GET, so `content-length` is set apart from the body. */
  readonly body?: Uint8Array | StreamedBody;
  /** What is wrong on our side; for the operator, never with a path of this machine. */
  readonly problem?: string;
}

export function refuse(status: number, refused: RegistryErrorCode, message: string): Refusal {
  return { refused, status, message };
}

export function isRefusal(value: object): value is Refusal {
  return 'refused' in value;
}

/** The JSON form of errors (distribution-spec, "Error Codes"). */
export function refusalAnswer(refusal: Refusal): Answer {
  const { refused: code, status, message } = refusal;
  const answer = jsonAnswer({ errors: [{ code, message, detail: null }] }, status);
  return status < 500 ? answer : { ...answer, problem: message };
}

export function jsonAnswer(
  json: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = new TextEncoder().encode(JSON.stringify(json));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers },
    body,
  };
}
