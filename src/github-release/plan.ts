import { type Digest, isDigest } from '../oci/digest.ts';
import type { Asset, Release } from './service/service.ts';

/** What is done with an asset of the same name and another digest. */
export type ReleasePolicy = 'auto' | 'replace' | 'keep' | 'fail';

/** A file that the release is to have. */
export interface WantedFile {
  readonly name: string;
  readonly size: number;
  /** Undefined in a dry run that does not have all the bytes: then it is not known whether the file is there. */
  readonly digest: Digest | undefined;
  /** The record of a run differs every time: it is sent with the content, and decides nothing. */
  readonly record: boolean;
}

/** What is to be done for one file. */
export type Step = { readonly file: WantedFile } & (
  | { readonly action: 'none'; readonly status: 'there' | 'kept' }
  /** `broken` has the name and no usable content. */
  | { readonly action: 'send'; readonly broken?: Asset | undefined }
  /** `sent` is what an earlier run sent under another name, and did not rename. */
  | { readonly action: 'rename'; readonly sent: Asset; readonly old?: Asset | undefined }
  | { readonly action: 'replace'; readonly old: Asset; readonly broken?: Asset | undefined }
);

export interface ReleasePlan {
  readonly steps: readonly Step[];
  /** What earlier runs left and nothing needs: files of another archive, interim files. */
  readonly stale: readonly Asset[];
  /** Names that the policy says must not change: nothing may be sent. */
  readonly conflicts: readonly string[];
  /** Under the policy `keep`: why what is there cannot be kept. */
  readonly lacking: readonly string[];
}

export interface PlanInput {
  readonly files: readonly WantedFile[];
  readonly present: readonly Asset[];
  /** Pieces of an earlier archive, and what says how to join them, by name. */
  readonly earlier: ReadonlySet<string>;
  readonly draft: boolean;
  /** A draft that this tool created, and publishes when it is whole. */
  readonly ours: boolean;
  readonly policy: ReleasePolicy;
  /** Whether the record is replaced, though the archive is there: see `comparePlan`. */
  readonly renews?: boolean;
  /** What the archive that is there lacks to be whole; counts only where it is to be kept. */
  readonly lacking: readonly string[];
}

/** The name under which a file is sent that replaces another: the old one is removed when the new one is there, whole. */
export function interimName(name: string): string {
  return `${name}.new`;
}

/** Compares what a release is to have with what it has. Pure. */
export function planRelease(input: PlanInput): ReleasePlan {
  const { files, present, earlier, draft, ours, policy, lacking, renews = false } = input;
  const byName = new Map(present.map((asset) => [asset.name, asset]));
  const names = new Set(files.map(({ name }) => name));
  const content = files.filter(({ record }) => !record);
  const differing = differingFiles(files, present);
  const none = { stale: [], conflicts: [], lacking: [] };
  // What an interrupted run left in its draft was never published, and nobody has it.
  const worthless = policy === 'keep' && ours && lacking.length > 0;
  const allowed = policy === 'auto' || worthless ? (draft ? 'replace' : 'fail') : policy;
  if (differing.length > 0 && allowed === 'keep') {
    if (lacking.length > 0) return { ...none, steps: [], conflicts: differing, lacking };
    // New parts beside old ones would make an archive that is neither.
    return { ...none, steps: files.flatMap((file) => keep(file, byName.get(file.name))) };
  }
  if (differing.length > 0 && allowed === 'fail') return { ...none, steps: [], conflicts: differing };
  const steps = content.map((file) => stepFor(file, byName));
  const moves = steps.some(({ action }) => action !== 'none');
  const records = files
    .filter(({ record }) => record)
    .flatMap((file): Step[] => {
      const there = byName.get(file.name);
      const mayChange = (moves || renews) && allowed === 'replace';
      return isUploaded(there) && !mayChange ? [leave(file, there)] : [stepFor(file, byName)];
    });
  const all = [...steps, ...records];
  return {
    ...none,
    steps: all,
    stale: allowed === 'replace' || ours ? staleAmong(present, earlier, names, all) : [],
  };
}

/** Names of content that is there with other bytes. */
export function differingFiles(files: readonly WantedFile[], present: readonly Asset[]): string[] {
  const byName = new Map(present.map((asset) => [asset.name, asset]));
  return files.filter((file) => !file.record && differs(file, byName.get(file.name))).map(({ name }) => name);
}

function staleAmong(
  present: readonly Asset[],
  earlier: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  steps: readonly Step[],
): Asset[] {
  const used = new Set(
    steps
      .filter(({ action }) => action === 'rename' || action === 'replace')
      .map((step) => interimName(step.file.name)),
  );
  const interim = new Set([...wanted].map(interimName).filter((name) => !used.has(name)));
  return present.filter(({ name }) => (earlier.has(name) && !wanted.has(name)) || interim.has(name));
}

function stepFor(file: WantedFile, byName: ReadonlyMap<string, Asset>): Step {
  const there = byName.get(file.name);
  const interim = byName.get(interimName(file.name));
  if (isSame(file, there)) return { file, action: 'none', status: 'there' };
  const old = isUploaded(there) ? there : undefined;
  if (interim !== undefined && isSame(file, interim))
    return { file, action: 'rename', sent: interim, old: there };
  if (old !== undefined) return { file, action: 'replace', old, broken: interim };
  return { file, action: 'send', broken: there };
}

function keep(file: WantedFile, there: Asset | undefined): Step[] {
  if (!isUploaded(there)) return [];
  return [{ file, action: 'none', status: isSame(file, there) ? 'there' : 'kept' }];
}

/** The record of the run that sent the archive belongs to it: it is there, and no other was to be. */
function leave(file: WantedFile, { size, digest }: Asset): Step {
  const theirs = digest !== null && isDigest(digest) ? digest : undefined;
  return { file: { ...file, size, digest: theirs }, action: 'none', status: 'there' };
}

/** An upload that broke leaves an asset without content. */
function isUploaded(asset: Asset | undefined): asset is Asset {
  return asset?.state === 'uploaded';
}

function differs(file: WantedFile, there: Asset | undefined): boolean {
  return file.digest !== undefined && isUploaded(there) && !isSame(file, there);
}

/** Whether an asset is the wanted file: whole, of its size and its digest. */
export function isSame({ size, digest }: WantedFile, asset: Asset | undefined): boolean {
  if (!isUploaded(asset) || asset.size !== size) return false;
  return digest !== undefined && asset.digest === digest;
}

/** `planned`: a dry run would send it. */
export type FileStatus = 'sent' | 'replaced' | 'there' | 'kept' | 'planned';

export interface SentFile {
  readonly name: string;
  readonly size: number;
  readonly digest?: Digest | undefined;
  readonly status: FileStatus;
  /** Of the asset; undefined where there is none yet, and for what the service does not say. */
  readonly id?: number | undefined;
  readonly url?: string | undefined;
}

export interface SentRelease {
  readonly tag: string;
  /** Undefined as the page is. */
  readonly id?: number | undefined;
  /** Its page; undefined in a dry run where the release does not exist yet. */
  readonly url: string | undefined;
  readonly draft: boolean;
  /** True where it was a draft until this run. */
  readonly published: boolean;
  readonly files: readonly SentFile[];
  /** Names of stale files of ours that were removed, or would be. */
  readonly removed: readonly string[];
}

/**
 * What a release has once a plan is carried out.
 *
 * @param there the files that it has then
 * @param published whether this run published it
 */
export function outcomeOf(
  release: Release | undefined,
  { steps, stale }: ReleasePlan,
  there: readonly Asset[],
  { tag, dryRun }: { readonly tag: string; readonly dryRun: boolean },
  published: boolean,
): SentRelease {
  const assets = new Map(there.map((asset) => [asset.name, asset]));
  return {
    tag,
    id: release?.id,
    url: release?.url,
    draft: release?.draft ?? true,
    published,
    files: steps.map((step) => {
      const status = statusOf(step, dryRun);
      return {
        name: step.file.name,
        size: step.file.size,
        ...(step.file.digest === undefined ? {} : { digest: step.file.digest }),
        status,
        // What a dry run would replace is another asset.
        ...(status === 'planned' ? {} : placeOf(assets.get(step.file.name))),
      };
    }),
    removed: stale.map(({ name }) => name),
  };
}

/** Where an asset is, as far as the service says it. */
export function placeOf(asset: Asset | undefined): Pick<SentFile, 'id' | 'url'> {
  if (asset === undefined) return {};
  return { id: asset.id, ...(asset.url === undefined ? {} : { url: asset.url }) };
}

function statusOf(step: Step, dryRun: boolean): FileStatus {
  if (step.action === 'none') return step.status;
  if (dryRun) return 'planned';
  const replaced = step.action === 'replace' || (step.action === 'rename' && step.old !== undefined);
  return replaced ? 'replaced' : 'sent';
}
