import { z } from 'zod';
import type { ArchiveName } from '../../archive/index.ts';
import { digestSchema } from '../../oci/digest.ts';
import { jsonIn } from '../../text/json-in.ts';
import { recordName } from '../release-files.ts';
import { readAsset } from '../service/read-asset.ts';
import type { Asset, ReleaseService } from '../service/service.ts';
import type { Writer } from './writer.ts';

const recordSchema = z.object({
  workflow: z
    .object({ run: z.string(), attempt: z.int(), job: z.string(), asked: digestSchema })
    .optional()
    .catch(undefined),
  failed: z.array(z.unknown()).catch([]),
});

/**
 * What the record of the run that sent an archive says: the job, where it is known, and whether the run had to leave images
 * out. A record that cannot be read counts as empty.
 */
export async function readRecord(
  present: readonly Asset[],
  archive: ArchiveName,
  service: Pick<ReleaseService, 'read'>,
): Promise<{ writer: Writer | undefined; lacksImages: boolean }> {
  const asset = present.find(({ name }) => name === recordName(archive));
  const { workflow, failed = [] } =
    recordSchema.safeParse(jsonIn(await readAsset(asset, service))).data ?? {};
  const lacksImages = failed.length > 0;
  if (workflow === undefined) return { writer: undefined, lacksImages };
  const { asked: list, ...job } = workflow;
  return { writer: { archive: archive.base, list, ...job }, lacksImages };
}
