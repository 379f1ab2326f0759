import {
  type ArchiveName,
  joinSegments,
  type MeasuredArchive,
  measureArchive,
} from '../../src/archive/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import type { SaveEvent } from '../../src/events.ts';
import {
  createReleaseService,
  type ReleaseFile,
  releaseFiles,
  type SendOptions,
  sendRelease,
  type SentRelease,
} from '../../src/github-release/index.ts';
import type { Lock, LockedImage } from '../../src/lock/index.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import {
  type ReleaseService,
  type ReleaseServiceOptions,
  startReleaseService,
  type StoredAsset,
  WRITER,
} from '../support/release-service/index.ts';

export const TAG = 'v1.2.3';

const listOf = (text: string): Digest => digestOf(Buffer.from(`list of ${text}`));

/** A lock that differs with the text, which has letters alone. */
function lockOf(text: string): Lock {
  const digest = digestOf(Buffer.from(text));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const ref = `registry.example/acme/${text}:1`;
  const image: LockedImage = {
    ref,
    names: [ref],
    source: 'docker',
    digest,
    mediaType,
    root: digest,
    rootMediaType: mediaType,
    platforms: [],
    leaves: [],
    referrers: [],
  };
  return { version: 1, images: [image], files: [], blobs: { [digest]: 1 } };
}

export const pageOf = (lock: Lock): string => `<p>${lock.images[0]?.ref}</p>`;

export interface ArchiveSettings {
  readonly base?: string;
  /** Bytes of a part; 0: it is one file. */
  readonly partSize?: number;
  /** The run that its record names; empty: it was made outside of a workflow. */
  readonly run?: string;
  /** Images that its run left out. */
  readonly failed?: readonly string[];
}

export interface TestArchive {
  readonly measured: MeasuredArchive;
  readonly lock: Lock;
  readonly files: readonly ReleaseFile[];
  readonly run: string;
  readonly list: Digest;
}

/** An archive whose bytes are a text, as the files of a release. */
export async function archiveOf(
  text: string,
  { base = 'site', partSize = 0, run = '4711', failed = [] }: ArchiveSettings = {},
): Promise<TestArchive> {
  const source = joinSegments([{ bytes: Buffer.from(text) }]);
  const name: ArchiveName = { base, suffix: 'tar' };
  const measured = await measureArchive(source, name, { partSize });
  const lock = lockOf(text);
  const list = listOf(text);
  const workflow = run === '' ? {} : { workflow: { run, attempt: 1, job: 'bundle', asked: list } };
  const report = JSON.stringify({ ...workflow, failed });
  const files = releaseFiles({ archive: measured, source, lock, page: pageOf(lock), report });
  return { measured, lock, files, run, list };
}

export interface Outcome {
  readonly sent: SentRelease | undefined;
  /** `code: message | hint`; empty where it succeeded. */
  readonly told: string;
  readonly events: readonly SaveEvent[];
  /** `level: message`. */
  readonly logs: readonly string[];
}

export type Given = Partial<SendOptions> & { readonly retries?: number };

export interface Sending {
  readonly service: ReleaseService;
  readonly clientOf: (retries?: number, signal?: AbortSignal) => ReturnType<typeof createReleaseService>;
  /** Sends an archive, as a job of its run. */
  readonly send: (archive: TestArchive, given?: Given) => Promise<Outcome>;
  /** `name status` of each file, as the service has it. */
  readonly names: () => string[];
  /** The bytes of the archive's pieces in the release, joined. */
  readonly archive: () => string;
  /** Names of what was uploaded since the service was cleared, in their order. */
  readonly uploads: () => string[];
  readonly close: () => Promise<void>;
}

/** A release service, and jobs that send archives to it. */
export async function startSending(options: ReleaseServiceOptions = {}): Promise<Sending> {
  const service = await startReleaseService(options);
  const target = { api: new URL(service.url), owner: 'org', repo: 'site', tag: TAG, commit: undefined };
  const clientOf: Sending['clientOf'] = (retries = 0, signal) =>
    createReleaseService(
      { ...target, token: WRITER },
      { env: {}, retry: { retries, retryMilliseconds: 1 }, signal, onWait: () => {} },
    );
  const send: Sending['send'] = async (
    { measured: { name }, files, run, list },
    { retries = 2, ...given } = {},
  ) => {
    const events: SaveEvent[] = [];
    const writer = { archive: name.base, run, attempt: 1, job: 'bundle', list };
    let sent: SentRelease | undefined;
    let told = '';
    try {
      sent = await sendRelease({
        service: clientOf(retries),
        tag: TAG,
        policy: 'auto',
        archive: name,
        writer: run === '' ? undefined : writer,
        files,
        complete: true,
        dryRun: false,
        retry: { retries, retryMilliseconds: 1 },
        ...given,
        emit: (event) => {
          events.push(event);
          given.emit?.(event);
        },
      });
    } catch (error) {
      told =
        error instanceof OciSaveError ? `${error.code}: ${error.message} | ${error.hint}` : String(error);
    }
    const logs = events.flatMap((event) => (event.type === 'log' ? `${event.level}: ${event.message}` : []));
    return { sent, told, events, logs };
  };
  const assets = (): StoredAsset[] => service.releases.flatMap((release) => release.assets);
  return {
    service,
    clientOf,
    send,
    names: () =>
      assets()
        .map(({ name }) => name)
        .toSorted(),
    archive: () =>
      assets()
        .filter(({ name }) => /\.tar(?:\.\d+)?$/.test(name))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ bytes }) => bytes?.toString() ?? '')
        .join(''),
    uploads: () =>
      service
        .calls('POST')
        .flatMap(({ host, path }) =>
          host === 'uploads' ? (new URL(path, service.url).searchParams.get('name') ?? '') : [],
        ),
    close: () => service.close(),
  };
}

/** What a person puts into a release. */
export function assetOf(name: string, text = name): StoredAsset {
  const bytes = Buffer.from(text);
  nextAsset += 1;
  const sha256 = digestOf(bytes).slice(7);
  return { id: nextAsset, name, state: 'uploaded', size: bytes.length, sha256, bytes };
}
let nextAsset = 0;

/** The files of an archive, as a service has them. */
export async function assetsOf({ files }: TestArchive): Promise<StoredAsset[]> {
  return Promise.all(
    files.map(async ({ name, open }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of open()) chunks.push(chunk);
      return assetOf(name, Buffer.concat(chunks).toString());
    }),
  );
}
