import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { ReadPort } from './read-port.ts';

/**
 * A place on this machine, and a registry that is asked for what is missing there or wrong. What has come from here is right
 * by its digest, so nobody has to be asked for it.
 */
export function heldFirst(held: ReadPort, registry: ReadPort): ReadPort {
  const wrong = new Set<Digest>();
  return {
    ...held,
    async has(blob, signal) {
      return (!wrong.has(blob.digest) && (await held.has(blob, signal))) || registry.has(blob, signal);
    },
    async open(blob, offset, signal) {
      if (wrong.has(blob.digest)) return registry.open(blob, offset, signal);
      return held.open(blob, offset, signal);
    },
    passOver(blob, error) {
      if (wrong.has(blob.digest)) return registry.passOver?.(blob, error) === true;
      wrong.add(blob.digest);
      return true;
    },
    async manifest(reference, signal) {
      try {
        return await held.manifest(reference, signal);
      } catch (error) {
        if (!(error instanceof OciSaveError) || !['not-found', 'digest'].includes(error.code)) throw error;
        return registry.manifest(reference, signal);
      }
    },
  };
}
