import { z } from 'zod';
import type { ArchiveName } from '../../archive/index.ts';
import { digestSchema } from '../../oci/digest.ts';
import { jsonIn } from '../../text/json-in.ts';
import { readAsset } from '../service/read-asset.ts';
import { recordName } from '../release-files.ts';
import type { Asset, ReleaseService } from '../service/service.ts';
import type { Writer } from './writer.ts';

const recordSchema = z.object({
  workflow: z.object({ run: z.string(), attempt: z.int(), job: z.string(), asked: digestSchema }),
});

/** The job that sent an archive, by the record of its run, which goes with it; undefined where that cannot be told. */
export async function writerInRecord(
  present: readonly Asset[],
  archive: ArchiveName,
  service: Pick<ReleaseService, 'read'>,
): Promise<Writer | undefined> {
  const record = present.find(({ name }) => name === recordName(archive));
  const text = (await readAsset(record, service))?.toString('utf8');
  const { workflow } = recordSchema.safeParse(jsonIn(text)).data ?? {};
  if (workflow === undefined) return undefined;
  const { asked: list, ...job } = workflow;
  return { archive: archive.base, list, ...job };
}
