import { OciSaveError } from '../../errors.ts';
import { type Form, writeList } from '../../list/index.ts';
import { formatCount } from '../../text/bytes.ts';
import { plainText } from '../../text/plain-text.ts';
import type { Content, Remark } from './content.ts';

/** More images are counted in a message. */
const MAX_SHOWN = 20;

/**
 * The images in a form that can be given to a save again.
 * @throws OciSaveError `usage` where one of them cannot be written in it: nothing is left out
 */
export function writeEntries({ images }: Content, form: Form): string {
  const faults = images.flatMap(({ ref, entry }) =>
    typeof entry === 'string'
      ? [`${plainText(ref)} cannot be written to ${form.noun}: ${plainText(entry)}`]
      : [],
  );
  const [first] = faults;
  if (first !== undefined) {
    const more = faults.length > MAX_SHOWN ? [`  and ${faults.length - MAX_SHOWN} more`] : [];
    const lines = faults.slice(0, MAX_SHOWN).map((line) => `  ${line}`);
    throw new OciSaveError({
      code: 'usage',
      message:
        faults.length === 1
          ? first
          : [`${faults.length} images cannot be written:`, ...lines, ...more].join('\n'),
      hint: 'Give the lock itself to the save: it is a list, too. --as json shows all that is in it.',
    });
  }
  return writeList(
    images.flatMap(({ entry }) => (typeof entry === 'string' ? [] : [entry])),
    form,
  );
}

/** What a written list does not say: it asks for the same images, and options of the save have to do the rest. */
export function unwrittenOf({ images, users }: Content): Remark[] {
  const options = new Set(images.flatMap((image) => image.options));
  const count = images.filter((image) => image.options.length > 0).length;
  const named = [...options].sort().join(', ');
  return [
    ...(count === 0
      ? []
      : [
          {
            message:
              `saved with ${named}, which no list says: ${formatCount(count, 'image')}. ` +
              'Give these options again, or the lock itself as the list',
          },
        ]),
    ...(users === 0
      ? []
      : [
          {
            message: `the lists name ${formatCount(users, 'user')}, and no form has passwords: give --credentials`,
          },
        ]),
  ];
}
