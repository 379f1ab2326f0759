import { messageOf } from '../errors.ts';
import type { Upload } from '../registry/index.ts';
import type { PushContext } from './context.ts';

/** Cancels the uploads that were started and not used. Where that fails, the registry removes them in time. */
export async function cancelUploads(
  uploads: Iterable<Upload>,
  { client, emit, signal }: PushContext,
): Promise<void> {
  const cancel = async (upload: Upload): Promise<void> => {
    try {
      await client.cancelUpload(upload, signal);
    } catch (error) {
      signal?.throwIfAborted();
      emit({ type: 'log', level: 'debug', message: `an upload was not cancelled: ${messageOf(error)}` });
    }
  };
  await Promise.all([...uploads].map(cancel));
}
