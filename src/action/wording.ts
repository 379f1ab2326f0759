import { OciSaveError } from '../errors.ts';
import { describeInputs, kebab } from '../options.ts';
import type { Failure, RunReport } from '../report/index.ts';

const FLAG = /--([a-z][a-z-]*[a-z])(?: ([a-z]+)\b)?/g;

/** The engine's words name flags; a workflow has inputs: `--copier direct` is `copier: direct` there. */
export function inWorkflowWords(text: string): string {
  const inputs = new Map([...describeInputs()].map(([name, meta]) => [kebab(name), meta]));
  return text.replaceAll(FLAG, (all, name: string, value: string | undefined) => {
    if (name === 'verbose') return value === undefined ? 'debug logging' : `debug logging ${value}`;
    const input = inputs.get(name);
    if (input === undefined) return all;
    if (value === undefined) return `\`${name}\``;
    return input.choices?.includes(value) === true ? `\`${name}: ${value}\`` : `\`${name}\` ${value}`;
  });
}

/** The report with its remedies as a workflow's author can follow them. */
export function reportInWorkflowWords(report: RunReport): RunReport {
  return {
    ...report,
    failed: report.failed.map(failureInWorkflowWords),
    ...(report.push === undefined
      ? {}
      : {
          push: report.push.map((target) => ({
            ...target,
            failed: target.failed.map(failureInWorkflowWords),
          })),
        }),
  };
}

function failureInWorkflowWords(failure: Failure): Failure {
  return {
    ...failure,
    message: inWorkflowWords(failure.message),
    ...(failure.hint === undefined ? {} : { hint: inWorkflowWords(failure.hint) }),
  };
}

/** The same for an error of ours; any other has no such words. */
export function errorInWorkflowWords(error: unknown): unknown {
  if (!(error instanceof OciSaveError)) return error;
  const { code, message, hint, cause, details } = error;
  return new OciSaveError({
    code,
    message: inWorkflowWords(message),
    hint: hint === undefined ? undefined : inWorkflowWords(hint),
    cause,
    details: details.map((detail) => ({ ...detail, message: inWorkflowWords(detail.message) })),
  });
}
