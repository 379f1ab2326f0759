import { asFlag, type Hint, type Spelling, spellHint } from './text/hint.ts';

export const FAILURE_CLASSES = [
  'not-found',
  'denied',
  'quota',
  'network',
  'digest',
  'unsupported',
  'local',
] as const;

/** Why one image, blob or target failed: what the summary, `failed` and `report.json` say. */
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/**
 * What went wrong, as a machine reads it. A failure class ends a run that had started (exit 1); `usage`, `list`
 * and `machine` mean that nothing was started (exit 2); `interrupted` is the user's own doing.
 */
export type ErrorCode = FailureClass | 'usage' | 'list' | 'machine' | 'interrupted';

/** Every code with what it means, as docs/troubleshooting.md has it. */
export const CODE_MEANINGS: Readonly<Record<ErrorCode, string>> = {
  'not-found': 'the registry, or this machine, does not have it: a tag, a manifest, a blob, a platform',
  denied: 'the registry refuses it: no login, a wrong or ended one, no right, a policy',
  quota: 'the registry gives or takes no more: pulls, room, repositories; nothing more is asked of it',
  network:
    'it may pass: no connection, a server in trouble, a transfer that was cut or fell silent; it was tried again',
  digest: 'bytes, or what is said of them, are not those that were asked for; they were not kept',
  unsupported: 'what was served, or asked for, is not what this program handles',
  local: 'this machine: its disk, its files, a program of it',
  usage: 'an option or an argument is wrong; nothing was started',
  list: 'a line or a file of the list is wrong; nothing was asked for',
  machine:
    'this machine lacks something, or another run or somebody else has the place; nothing was started, or all of it ended',
  interrupted: 'somebody stopped it; what was fetched stays',
};

/** One of several faults behind an error, with its line in a list if it has one. */
export interface ErrorDetail {
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint?: Hint | undefined;
  /** A list's path, or a word for a list that is not a file. */
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
}

export interface ErrorParts {
  readonly code: ErrorCode;
  /** What happened, to what: one sentence without a secret. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint?: Hint | undefined;
  readonly cause?: unknown;
  /** The faults one by one, where the message names several. */
  readonly details?: readonly ErrorDetail[] | undefined;
}

/** The one error of this project: a value that users read. */
export class OciSaveError extends Error {
  override readonly name = 'OciSaveError';
  readonly code: ErrorCode;
  /** What the reader can do about it; options are spelled as flags. */
  readonly hint: string | undefined;
  /** The same with options as data, for a front end that spells them its own way. */
  readonly hintParts: Hint | undefined;
  readonly details: readonly ErrorDetail[];

  constructor({ code, message, hint, cause, details = [] }: ErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint === undefined ? undefined : spellHint(hint, asFlag);
    this.hintParts = hint;
    this.details = details;
  }

  /** The same error with another message, such as one that says where it happened, and with its own hint or another one. */
  reworded(message: string, hint = this.hintParts): OciSaveError {
    const { code, cause, details } = this;
    return new OciSaveError({ code, message, hint, cause, details });
  }
}

/** What the reader can do about an error, as a front end writes it; undefined where the error does not say. */
export function hintOf(error: unknown, spelling: Spelling): string | undefined {
  const parts = error instanceof OciSaveError ? error.hintParts : undefined;
  return parts === undefined ? undefined : spellHint(parts, spelling);
}

/** A fault in one line, with its hint as a front end writes it. Its place is not in it. */
export function detailWords({ message, hint }: ErrorDetail, spelling: Spelling): string {
  return hint === undefined ? message : `${message} (${spellHint(hint, spelling)})`;
}

/** The command's exit code for an error. A fault of our own counts as a failed job. */
export function exitCodeOf(error: unknown): 1 | 2 | 130 {
  if (!(error instanceof OciSaveError)) return 1;
  if (error.code === 'interrupted') return 130;
  return error.code === 'usage' || error.code === 'list' || error.code === 'machine' ? 2 : 1;
}

/** The class under which a failure is listed. An error that we did not foresee is a fault on this machine. */
export function failureClassOf(error: unknown): FailureClass {
  const code = error instanceof OciSaveError ? error.code : undefined;
  return FAILURE_CLASSES.find((known) => known === code) ?? 'local';
}

/** The result of a question to a place; undefined where the place does not have what was asked for: `not-found`. */
export async function unlessMissing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** The words of anything that was thrown, for a message that quotes it. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's error code (`ENOENT`, `ENOSPC`), where the thrown value carries one; our own codes are not among them. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown instanceof OciSaveError || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
