import { z } from 'zod';
import { FAILURE_CLASSES, type FailureClass, failureClassOf, OciSaveError } from '../errors.ts';
import { causeTexts } from './causes.ts';
import { plainText } from '../text/plain-text.ts';
import { asFlag, type Hint, hint, option, type Spelling, spellHint } from '../text/hint.ts';

export const originSchema = z.strictObject({ file: z.string(), line: z.int().positive() });
export const origins = z
  .array(originSchema)
  .meta({ description: 'the lines of the lists that name the image' });

/** What a report says about anything that failed. */
export const faultShape = {
  class: z.enum(FAILURE_CLASSES),
  message: z.string(),
  hint: z.string().optional().meta({ description: 'what can be done about it' }),
};

export const failureSchema = z.strictObject({ ref: z.string(), origins, ...faultShape });

/** What failed, with its hint spelled as for the command line. */
export type Fault = Readonly<z.infer<z.ZodObject<typeof faultShape>>>;

/** The hints of faults with options as data, kept apart from the report: files and callers get the spelled text. */
const hintParts = new WeakMap<Fault, Hint>();

export type ReportedOrigin = z.infer<typeof originSchema>;
/** One image that failed, as the summary, `failed` and `report.json` have it. */
export type Failure = z.infer<typeof failureSchema>;

type Hints = Readonly<Partial<Record<FailureClass, Hint>>>;

/** The hint for a class of failures, where the error itself has none. */
export const USUAL_HINTS: Readonly<Record<FailureClass, Hint>> = {
  'not-found':
    'Check name, tag and registry. Images move and go: an earlier lock or bundle may have the digest.',
  denied: hint`Log in with docker login or podman login, or give the user by ${option('authFile')} or ${option('credentials')}.`,
  quota: 'Log in for a larger quota, or wait: what was fetched stays.',
  network:
    'Run it again: what was fetched stays. If it fails again, check the registry, the proxy and the connection.',
  digest: 'Wrong data is never kept. Ask the registry’s owner, or fetch the image from elsewhere.',
  unsupported: 'Push the image again with a current tool, or leave it out.',
  local: hint`Look at this machine: disk, permissions, programs. Run it again with ${option('verbose')} to see more.`,
};

/**
 * An error as reports and summaries have it. The message contains the messages of the causes too, each once, on one
 * line; an error without a class is a fault on this machine. `hints` take precedence over the usual ones.
 */
export function failureOf(
  error: unknown,
  ref: string,
  origins: readonly ReportedOrigin[],
  hints: Hints = {},
): Failure {
  return rememberHint({ ref, origins: [...origins], ...faultOf(error, hints) }, adviceFor(error, hints));
}

/** The same for an error that does not belong to one image: a release, or a result that could not be written. */
export function faultOf(error: unknown, hints: Hints = {}): Fault & { readonly hint: string } {
  const advice = adviceFor(error, hints);
  const fault = {
    class: failureClassOf(error),
    message: plainText(causeTexts(error).join(': ')) || 'failed without a word',
    hint: plainText(spellHint(advice, asFlag)),
  };
  return rememberHint(fault, advice);
}

/** A fault with its hint as a front end writes it. */
export function spellFault<F extends Fault>(fault: F, spelling: Spelling): F {
  const advice = hintParts.get(fault);
  return advice === undefined ? fault : { ...fault, hint: plainText(spellHint(advice, spelling)) };
}

function adviceFor(error: unknown, hints: Hints): Hint {
  const own = error instanceof OciSaveError ? error.hintParts : undefined;
  const failureClass = failureClassOf(error);
  return own ?? hints[failureClass] ?? USUAL_HINTS[failureClass];
}

function rememberHint<F extends Fault>(fault: F, advice: Hint): F {
  hintParts.set(fault, advice);
  return fault;
}
