import { z } from 'zod';

const bytes = z.int().nonnegative();
const amount = { blobs: z.int().nonnegative(), bytes };

/** What the cache around the store gave and took, and what went wrong with it. */
export const cacheReportSchema = z
  .strictObject({
    mode: z.enum(['read-write', 'read', 'write']),
    unavailable: z.string().optional().meta({ description: 'why the cache was not used' }),
    restored: z.strictObject(amount).meta({ description: 'came from the cache' }),
    saved: z.strictObject({ packs: z.int().nonnegative(), ...amount }),
    withheld: z
      .strictObject({ images: z.int().nonnegative(), ...amount })
      .meta({ description: 'not saved: fetched with credentials, and strangers may read the cache' }),
    entries: z.int().nonnegative().meta({ description: 'what the cache has of this list now' }),
    bytes: bytes.meta({ description: 'of its packs' }),
    troubles: z.array(z.string()).meta({ description: 'what went wrong; it cost time, nothing else' }),
  })
  .meta({ description: 'the cache around the store, where one was wanted' });
