import { openArchive, openArchiveContent } from '../archive/index.ts';
import { openBundle } from '../bundle/index.ts';
import { isFolder } from '../files/index.ts';
import type { Content } from '../image/index.ts';
import { chooseNames } from '../lock/index.ts';
import type { SaveOptions } from '../options/index.ts';
import { pushToTargets } from '../push/index.ts';
import { idleLogins } from '../registry/index.ts';
import type { PushReport, PushTargetReport } from '../report/index.ts';
import { type ClientIo, openClient } from '../runtime/index.ts';
import { VERSION } from '../version.ts';

export interface PushBundleOptions extends Pick<
  SaveOptions,
  | 'push'
  | 'pushPolicy'
  | 'index'
  | 'authFile'
  | 'certsDir'
  | 'caFile'
  | 'insecureRegistries'
  | 'parallel'
  | 'retries'
  | 'onError'
  | 'dryRun'
> {
  /** Users of registries, before those of the auth files. */
  readonly credentials?: SaveOptions['credentials'];
  /** Globs over the stored names of the images that are pushed. Without any: all. */
  readonly only?: readonly string[];
  /** How stored names become those at a target. */
  readonly naming?: SaveOptions['naming'];
  /** The bundle's folder, with any of the views; or its archive, or one of the parts of that. */
  readonly bundle: string;
  /** Milliseconds to wait for a target that is not up yet. */
  readonly waitMilliseconds: number;
}

export type PushIo = ClientIo;

/**
 * Pushes a bundle on disk to registries. Failures are in the report: `outcome` is `failed` where they fail the run, and
 * `warned` where `onError: 'warn'` lets it pass without them.
 * @throws OciSaveError `usage` where nothing was started: no bundle, a glob that matches nothing, two images under one name
 */
export async function pushBundle(options: PushBundleOptions, io: PushIo): Promise<PushReport> {
  const { push, pushPolicy: policy, bundle, dryRun, only = [], naming = [], ...rest } = options;
  const content = await openContent(bundle);
  const { of: namesOf, idle } = chooseNames(content.lock, { only, naming });
  for (const rule of idle) {
    io.emit({ type: 'log', level: 'warning', message: `naming: ${rule} applies to no image that is pushed` });
  }
  const domains = push.map(({ domain }) => domain);
  for (const login of idleLogins(options.credentials ?? [], [], domains)) {
    io.emit({ type: 'log', level: 'warning', message: `${login} applies to no target` });
  }
  const { client } = await openClient(options, io);
  try {
    const targets = await pushToTargets(push, { ...rest, ...io, client, content, namesOf, policy, dryRun });
    return {
      version: 1,
      tool: { name: 'oci-save', version: VERSION },
      bundle,
      ...(dryRun ? { dryRun } : {}),
      outcome: worstOf(targets),
      targets,
    };
  } finally {
    client.close();
  }
}

/** A bundle in its folder, or in its archive, which is read where it lies. */
async function openContent(place: string): Promise<Content> {
  const archive = (await isFolder(place)) ? undefined : await openArchive(place);
  return archive === undefined ? openBundle(place) : openArchiveContent(archive);
}

/** A target that got nothing fails the push; one that lacks images is not `done` either. */
function worstOf(targets: readonly PushTargetReport[]): PushReport['outcome'] {
  const outcomes = new Set(targets.map(({ outcome }) => outcome));
  if (outcomes.has('failed')) return 'failed';
  return outcomes.has('warned') ? 'warned' : 'done';
}
