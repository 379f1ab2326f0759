import { OciSaveError } from '../../errors.ts';
import { formatCount } from '../../text/bytes.ts';
import { plainText } from '../../text/plain-text.ts';
import { formatSource } from '../entry/source.ts';
import { identityOf } from '../join-lists.ts';
import { parseList } from '../parse-list.ts';
import { MAX_LIST_BYTES } from '../syntax/lines.ts';
import type { Form, WritableImage } from './form.ts';
import { IMAGES_LOCK } from './images-lock.ts';
import { PLAIN } from './plain.ts';
import { SEALER } from './sealer.ts';
import { YAML } from './yaml.ts';

/** The forms in which images are written as a list. */
export const LIST_FORMS: readonly Form[] = [YAML, PLAIN, IMAGES_LOCK, SEALER];

/** More images are counted in a message. */
const MAX_SHOWN = 20;

/**
 * Images as a list that asks for the same images again, for the same platforms, under the same names: it is read back
 * before it is given.
 * @throws OciSaveError `usage` where the form cannot have one of them, with the reason and the forms that can
 */
export function writeList(images: readonly WritableImage[], form: Form): string {
  const lacking = images.flatMap((image) => {
    const why = form.whyNot(image);
    return why === undefined ? [] : [{ image, why }];
  });
  if (lacking.length > 0) throw unwritable(lacking, form);
  const bytes = new TextEncoder().encode(form.write(images));
  if (bytes.length > MAX_LIST_BYTES)
    throw tooLarge(images.length, form, 'it is larger than 16 MiB, which no list is');
  const { requests, rejects } = parseList(bytes, form.noun, {
    format: form.format,
    defaultRegistry: 'docker.io',
  });
  const read = new Set(requests.flatMap(wantedBy));
  const changed = images.filter((image) => wantedBy(image).some((one) => !read.has(one)));
  const [reject, ...others] = rejects;
  if (reject !== undefined && others.length === 0 && images.length > 1 && changed.length === images.length) {
    throw tooLarge(images.length, form, reject.reason);
  }
  if (changed.length > 0 || rejects.length > 0) {
    const why = others.length === 0 && reject ? reject.reason : 'it would be read as something else';
    const lost = changed.length > 0 ? changed : images;
    throw unwritable(
      lost.map((image) => ({ image, why })),
      form,
    );
  }
  return new TextDecoder().decode(bytes);
}

/** What a list asks for with an image, by each platform: equal where two forms ask for the same. */
function wantedBy({ source, platforms, storedAs }: WritableImage): string[] {
  if (platforms === undefined || platforms === 'all') return [identityOf({ source, platforms, storedAs })];
  return platforms.map((platform) => identityOf({ source, platforms: [platform], storedAs }));
}

function tooLarge(count: number, form: Form, why: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `${formatCount(count, 'image')} are too many for ${form.noun}: ${why}`,
    hint: 'Use another form, or split the list.',
  });
}

function unwritable(
  lacking: readonly { readonly image: WritableImage; readonly why: string }[],
  form: Form,
): OciSaveError {
  const others = LIST_FORMS.filter(
    (other) => other !== form && lacking.every(({ image }) => other.whyNot(image) === undefined),
  );
  const lines = lacking.map(
    ({ image, why }) =>
      `'${plainText(formatSource(image.source))}' cannot be written to ${form.noun}: ${why}`,
  );
  const [first = ''] = lines;
  const more = lines.length > MAX_SHOWN ? [`  and ${lines.length - MAX_SHOWN} more`] : [];
  const all = [
    `${lines.length} images cannot be written:`,
    ...lines.slice(0, MAX_SHOWN).map((line) => `  ${line}`),
    ...more,
  ];
  return new OciSaveError({
    code: 'usage',
    message: lines.length === 1 ? first : all.join('\n'),
    hint: `Use ${['json', ...others.map(({ name }) => name)].map((name) => `--as ${name}`).join(' or ')}.`,
  });
}
