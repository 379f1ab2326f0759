import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import type { Asset, Release } from './service.ts';

/** The fields of a release that are read from a response. */
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
  .transform(({ id, tag_name, name, draft, immutable = false, html_url, upload_url, body }): Release => ({
    id,
    tag: tag_name,
    title: name ?? '',
    draft,
    immutable,
    url: html_url,
    uploadUrl: upload_url,
    body: body ?? '',
  }));

/** The fields of an asset that are read from a response. */
export const assetSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    size: z.int().nonnegative(),
    state: z.string(),
    digest: z.string().nullish(),
    browser_download_url: z.string().optional(),
  })
  .transform(({ digest, browser_download_url: url, ...asset }): Asset => ({
    ...asset,
    url,
    digest: digest ?? null,
  }));

/**
 * The content of a response, by a schema.
 * @throws OciSaveError `unsupported` where it has another form: another server may respond instead of GitHub
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
