import pRetry from 'p-retry';
import { interimName, type Step } from './plan.ts';
import { saysNameIsTaken } from './service/refusal.ts';
import type { Asset } from './service/service.ts';
import { type ReleaseFile, uploadFile, type UploadContext } from './service/upload.ts';

/** Does what a plan says of one file. */
export async function takeStep(step: Step, file: ReleaseFile, context: UploadContext): Promise<void> {
  const { service } = context;
  switch (step.action) {
    case 'none':
      return;
    case 'send':
      if (step.broken !== undefined) await service.remove(step.broken);
      await uploadFile(file, file.name, context);
      return;
    case 'rename':
      return moveIntoPlace(step.sent, step.old, file.name, context);
    case 'replace': {
      if (step.broken !== undefined) await service.remove(step.broken);
      const sent = await uploadFile(file, interimName(file.name), context);
      return moveIntoPlace(sent, step.old, file.name, context);
    }
  }
}

/** The old file goes only now that the new one is there. */
async function moveIntoPlace(
  sent: Asset,
  old: Asset | undefined,
  name: string,
  { service, retries, signal }: UploadContext,
): Promise<void> {
  if (old !== undefined) await service.remove(old);
  // For a moment a name counts as taken although its asset is gone.
  await pRetry(() => service.rename(sent, name), {
    retries,
    minTimeout: 1000,
    shouldRetry: ({ error }) => saysNameIsTaken(error),
    ...(signal === undefined ? {} : { signal }),
  });
}
