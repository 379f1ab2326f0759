import { formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import type { Fault } from './failure.ts';
import type { ReleaseReport, RunReport } from './run-report.ts';

export interface FailedRelease extends Pick<ReleaseReport, 'repository' | 'tag'> {
  readonly failure: NonNullable<ReleaseReport['failure']>;
}

/** How a run ended, judged once for everything that reports it. */
export interface Verdict {
  readonly outcome: RunReport['outcome'];
  readonly dryRun: boolean;
  /** Whether headers alone showed that everything is where it belongs. */
  readonly unchanged: boolean;
  /** Whether the run fetched and moved nothing, since its results were there already. */
  readonly same: boolean;
  /** Why the run is incomplete: the first of several causes. */
  readonly cause: 'result' | 'images' | 'push' | 'release' | undefined;
  readonly saved: number;
  readonly failed: number;
  /** `5 images`: all that were requested. */
  readonly wanted: string;
  /** Why the result could not be written although images were complete. */
  readonly fault: Fault | undefined;
  /** The push targets that did not get all images and so decided the outcome, as printable text. */
  readonly targets: readonly string[];
  readonly release: FailedRelease | undefined;
  /** Whether the next run has to continue where this one stopped. */
  readonly unfinished: boolean;
  /** What an unfinished run should have written to the disk. */
  readonly unwritten: 'bundle' | 'archive' | undefined;
  /** What it should have published and did not begin with: `nothing was pushed to registry.example`. Printable. */
  readonly unpublished: readonly string[];
}

export function judge(report: RunReport): Verdict {
  const { outcome, images, error: fault, push = [], dryRun = false, unchanged = false } = report;
  const failed = report.failed.length;
  const targets = push
    .filter((target) => target.outcome !== 'done' && target.outcome === outcome)
    .map(({ target }) => plainText(target));
  const failure = report.release?.failure;
  const release = report.release && failure && { ...report.release, failure };
  const unfinished = outcome === 'failed' && (fault !== undefined || failed > 0);
  return {
    outcome,
    dryRun,
    unchanged,
    same: isSame(report),
    cause: fault ? 'result' : failed > 0 ? 'images' : targets.length > 0 ? 'push' : release && 'release',
    saved: images.length,
    failed,
    wanted: formatCount(images.length + failed, 'image'),
    fault,
    targets,
    release,
    unfinished,
    unwritten: unfinished && !dryRun ? unwritten(report) : undefined,
    unpublished: unfinished && !dryRun ? unpublished(report) : [],
  };
}

/** An archive is written anew, and what a target or a release keeps instead is not what was asked for. */
function isSame({
  outcome,
  bundle,
  archive,
  totals,
  push = [],
  release,
  dryRun = false,
}: RunReport): boolean {
  const isThere =
    push.every(({ totals: { pushed, kept } }) => pushed + kept === 0) &&
    (release?.assets ?? []).every(({ status }) => status === 'there') &&
    (release?.removed ?? []).length === 0 &&
    release?.published !== true;
  const isMade = bundle?.unchanged === true && archive === undefined;
  return outcome === 'done' && !dryRun && isMade && totals.fetchedBytes === 0 && isThere;
}

function unpublished({ options, push, release }: RunReport): string[] {
  const { push: targets, release: tag } = options;
  const named = Array.isArray(targets) ? targets.map(String).map(plainText) : [];
  return [
    ...(push === undefined && named.length > 0 ? [`nothing was pushed to ${named.join(', ')}`] : []),
    ...(release === undefined && typeof tag === 'string' && tag !== '' ? ['nothing was released'] : []),
  ];
}

/** `2 of 5 images could not be saved; nothing was pushed to registry.example` */
export function imagesVerdict({ failed, wanted, dryRun, unpublished: absent }: Verdict): string {
  return [`${failed} of ${wanted} could not be ${dryRun ? 'resolved' : 'saved'}`, ...absent].join('; ');
}

/** `not all images could be pushed to registry.example:5000` */
export function pushVerdict({ targets }: Verdict): string {
  return `not all images could be pushed to ${targets.join(', ')}`;
}

/** What should be on the disk and is not: a run that only publishes writes neither. */
function unwritten({ options, bundle, archive }: RunReport): Verdict['unwritten'] {
  if (options['output'] !== 'none') return bundle === undefined ? 'bundle' : undefined;
  return options['archive'] === 'tar' && archive === undefined ? 'archive' : undefined;
}
