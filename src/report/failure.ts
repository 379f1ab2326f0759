import { z } from 'zod';
import { type FailureClass, failureClassOf, OciSaveError } from '../errors.ts';
import { causeTexts } from './causes.ts';
import { plainText } from '../text/plain-text.ts';

const FAILURE_CLASSES = [
  'not-found',
  'denied',
  'quota',
  'network',
  'digest',
  'unsupported',
  'local',
] as const satisfies readonly FailureClass[];

export const originSchema = z.strictObject({ file: z.string(), line: z.int().positive() });
export const origins = z.array(originSchema).meta({ description: 'where the image stands in the lists' });

/** What is said of anything that failed. */
export const faultShape = {
  class: z.enum(FAILURE_CLASSES),
  message: z.string(),
  hint: z.string().optional().meta({ description: 'the remedy' }),
};

export const failureSchema = z.strictObject({ ref: z.string(), origins, ...faultShape });

export type ReportedOrigin = z.infer<typeof originSchema>;
/** One image that failed, as the summary, `failed` and `report.json` have it. */
export type Failure = z.infer<typeof failureSchema>;

type Remedies = Readonly<Partial<Record<FailureClass, string>>>;

/** What helps against a kind of failure, where the error itself knows nothing better. */
const REMEDIES: Record<FailureClass, string> = {
  'not-found':
    'Check name, tag and registry. Images move and go: an earlier lock or bundle may have the digest.',
  denied: 'Log in with docker login or podman login, or name a file with --auth-file.',
  quota: 'Log in for a larger quota, or wait: what was fetched stays.',
  network:
    'Run it again: what was fetched stays. If it comes back, look at the registry, the proxy and the line.',
  digest: 'Wrong data is never kept. Ask the registry’s owner, or fetch the image from elsewhere.',
  unsupported: 'Push the image again with a current tool, or leave it out.',
  local: 'Look at this machine: disk, permissions, programs. Run it again with --verbose to see more.',
};

/**
 * An error as a machine and the table at the end have it. The message holds the words of the causes too, each
 * once, on one line; an error without a class is a fault on this machine. `remedies` go before the usual ones.
 */
export function failureOf(
  error: unknown,
  ref: string,
  origins: readonly ReportedOrigin[],
  remedies: Remedies = {},
): Failure {
  return { ref, origins: [...origins], ...faultOf(error, remedies) };
}

/** The same of an error that is no single image's: of a release, or of what could not be written. */
export function faultOf(
  error: unknown,
  remedies: Remedies = {},
): { class: FailureClass; message: string; hint: string } {
  const failureClass = failureClassOf(error);
  const hint =
    (error instanceof OciSaveError ? error.hint : undefined) ??
    remedies[failureClass] ??
    REMEDIES[failureClass];
  return {
    class: failureClass,
    message: plainText(causeTexts(error).join(': ')) || 'failed without a word',
    hint: plainText(hint),
  };
}
