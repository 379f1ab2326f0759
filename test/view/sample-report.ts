import { OciSaveError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import {
  failureOf,
  type PushedName,
  type PushTargetReport,
  type ReportedImage,
  type RunReport,
} from '../../src/report/index.ts';

export const digest = (text: string): ReportedImage['digest'] => digestOf(new TextEncoder().encode(text));

export function sampleImage(parts: Partial<ReportedImage> & { readonly ref: string }): ReportedImage {
  return {
    names: [parts.ref],
    origins: [{ file: 'images.txt', line: 1 }],
    digest: digest(parts.ref),
    root: digest(parts.ref),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    platforms: ['linux/amd64'],
    size: 30_000_000,
    status: 'fetched',
    fetchedBytes: 30_000_000,
    copier: 'skopeo',
    notes: [],
    ...parts,
  };
}

/** What a target got of which one name was narrowed, one kept, and one failed. */
export function samplePush(parts: Partial<PushTargetReport> = {}): PushTargetReport {
  const target = 'registry.example:5000/mirror';
  const name = (ref: string, status: PushedName['status'], fields: Partial<PushedName> = {}): PushedName => ({
    ref,
    name: ref,
    as: `${target}/${ref}`,
    digest: digest(ref),
    status,
    ...fields,
  });
  return {
    target,
    outcome: 'failed',
    images: [
      name('quay.io/a/b:2', 'pushed', { there: digest('leaf'), narrowed: true }),
      name('quay.io/a/c:1', 'unchanged', { there: digest('quay.io/a/c:1') }),
      name('quay.io/a/d:1', 'kept', { there: digest('older') }),
      name('quay.io/a/e:1', 'failed'),
      name('quay.io/a/f:1', 'not started'),
    ],
    failed: [
      failureOf(
        new OciSaveError({ code: 'denied', message: 'the registry answered 403', hint: 'Log in <there>.' }),
        `${target}/quay.io/a/e:1`,
        [],
      ),
    ],
    totals: {
      pushed: 1,
      unchanged: 1,
      kept: 1,
      failed: 2,
      sentBlobs: 3,
      sentBytes: 2_000_000,
      mountedBlobs: 4,
      thereBlobs: 5,
    },
    seconds: 2.5,
    ...parts,
  };
}

/** A run of five images in which one failed and was let go. */
export function sampleReport(parts: Partial<RunReport> = {}): RunReport {
  return {
    version: 1,
    tool: { name: 'oci-save', version: '0.1.0' },
    skopeoVersion: '1.9.3',
    repository: 'org/site',
    commit: '0123456789abcdef',
    startedAt: '2026-11-02T03:04:05Z',
    finishedAt: '2026-11-02T03:04:17.500Z',
    seconds: 12.5,
    outcome: 'warned',
    options: { output: 'oci bundle', platforms: ['linux/amd64'] },
    lists: [{ file: 'images.txt', format: 'plain', count: 5 }],
    images: [
      sampleImage({ ref: 'docker.io/library/nginx:latest', narrowed: true }),
      sampleImage({
        ref: 'quay.io/a/b:2',
        names: ['quay.io/a/b:2', 'site.example/b:2'],
        platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x'],
        status: 'partly stored',
        fetchedBytes: 1_000_000,
        copier: 'both',
        notes: ['skopeo met a cut blob; the built-in client completed it'],
      }),
      sampleImage({
        ref: 'ghcr.io/a/old:1',
        status: 'stored',
        fetchedBytes: 0,
        copier: 'none',
        converted: true,
      }),
      sampleImage({ ref: 'ghcr.io/a/chart:3', platforms: [], size: 900, copier: 'direct' }),
    ],
    failed: [
      failureOf(
        new OciSaveError({
          code: 'not-found',
          message: 'docker.io/library/nope:1 is not in the registry',
          hint: 'Check the spelling and the tag.',
          cause: new Error('404 manifest unknown'),
        }),
        'docker.io/library/nope:1',
        [
          { file: 'images.txt', line: 4 },
          { file: 'more.txt', line: 12 },
        ],
      ),
    ],
    warnings: [
      { message: 'nginx has no tag, so latest is meant', origin: { file: 'images.txt', line: 1 } },
      { message: 'the store is nearly full' },
    ],
    candidates: [
      {
        text: 'openebs/linux-utils:3.4.0',
        origin: { file: 'operator.yaml', line: 120 },
        why: 'the value of a variable named IMAGE',
      },
    ],
    rejects: [
      {
        text: '{{ .Values.image }}',
        origin: { file: 'deploy.yaml', line: 33 },
        reason: 'a template, not a reference',
        hint: 'Render the chart first.',
      },
    ],
    totals: { images: 4, blobs: 17, bytes: 90_000_900, fetchedBytes: 31_000_900, storedBytes: 59_000_000 },
    bundle: { path: 'oci bundle' },
    lock: { path: 'oci bundle/oci-save.lock.json', digest: digest('lock') },
    archive: { path: 'oci-bundle.tar', size: 90_100_000, digest: digest('tar') },
    ...parts,
  };
}
