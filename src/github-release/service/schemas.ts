import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import type { Asset, Release } from './service.ts';

/** What we read of a release in a response. */
export const releaseSchema = z
  .object({
    id: z.int(),
    tag_name: z.string(),
    name: z.string().nullish(),
    draft: z.boolean(),
    immutable: z.boolean().optional(),
    html_url: z.string(),
    upload_url: z.string(),
    body: z.string().nullish(),
  })
  .transform(
    ({
      id,
      tag_name: tag,
      name,
      draft,
      immutable = false,
      html_url: url,
      upload_url: uploadUrl,
      body,
    }): Release => ({
      id,
      tag,
      title: name ?? '',
      draft,
      immutable,
      url,
      uploadUrl,
      body: body ?? '',
    }),
  );

/** What we read of an asset. */
export const assetSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    size: z.int().nonnegative(),
    state: z.string(),
    digest: z.string().nullish(),
  })
  .transform(({ digest, ...asset }): Asset => ({ ...asset, digest: digest ?? null }));

/**
 * What a response holds, by a schema.
 * @throws OciSaveError `unsupported` where it holds something else: another server may answer in GitHub's place
 */
export function parsed<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw unreadable(where, result.error);
}

/** The error for a response that is not one of GitHub's API. */
export function unreadable(where: string, cause?: unknown): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${where} answered what is not a response of GitHub's API`,
    hint: 'Check GITHUB_API_URL.',
    cause,
  });
}
