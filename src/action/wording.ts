import { OciSaveError } from '../errors.ts';
import { describeInputs, kebab } from '../options/index.ts';
import type { ReleaseReport, RunReport } from '../report/index.ts';

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
    failed: report.failed.map(faultInWorkflowWords),
    ...(report.error === undefined ? {} : { error: faultInWorkflowWords(report.error) }),
    ...(report.push === undefined
      ? {}
      : {
          push: report.push.map((target) => ({ ...target, failed: target.failed.map(faultInWorkflowWords) })),
        }),
    ...(report.release === undefined ? {} : { release: releaseInWorkflowWords(report.release) }),
  };
}

function faultInWorkflowWords<Fault extends NonNullable<RunReport['error']>>(fault: Fault): Fault {
  const { message, hint } = fault;
  return {
    ...fault,
    message: inWorkflowWords(message),
    ...(hint === undefined ? {} : { hint: inWorkflowWords(hint) }),
  };
}

function releaseInWorkflowWords(release: ReleaseReport): ReleaseReport {
  const { failure } = release;
  if (failure === undefined) return release;
  const [message, hint] = [inWorkflowWords(failure.message), inWorkflowWords(failure.hint)];
  return { ...release, failure: { ...failure, message, hint } };
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
