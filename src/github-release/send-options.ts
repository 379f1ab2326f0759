import type { ArchiveName } from '../archive/index.ts';
import type { Emit } from '../events.ts';
import type { RetryPolicy } from '../http/index.ts';
import type { ReleasePolicy } from './plan.ts';
import type { ReleaseService } from './service/service.ts';
import type { ReleaseFile } from './service/upload.ts';
import type { Writer } from './draft/writer.ts';

export interface SendOptions {
  readonly service: ReleaseService;
  readonly tag: string;
  readonly policy: ReleasePolicy;
  readonly archive: ArchiveName;
  /** Undefined outside of a workflow. */
  readonly writer: Writer | undefined;
  /** Pieces of the archive first, in order; then the files beside them. */
  readonly files: readonly ReleaseFile[];
  /** False where images are missing: a draft stays one. */
  readonly complete: boolean;
  readonly dryRun: boolean;
  readonly retry: RetryPolicy;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}
