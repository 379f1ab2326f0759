import type { Collector } from '../../entry/findings.ts';
import { matchesRule } from '../../entry/image-rules.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, type Mapping, type MappingEntry, type Scalar, type Tree } from '../../syntax/tree.ts';
import { imagesOfText, isVersioned } from '../image-text.ts';
import { addImage } from '../images.ts';

/**
 * Adds the images of fields that a rule of the user's names (`Deployment/*.env.OPENEBS_IO_HELPER`): such a text is an image
 * for certain. Of an option (`--image=x:1`) the value is, and of a text of several lines each image in it.
 */
export function addRuledFields(resource: Mapping, kind: string, collector: Collector): void {
  if (collector.imageRules.length === 0) return;
  for (const entry of resource.entries) addFields(entry, `${kind}/${entry.key}`, collector);
}

/** `place` is the kind and the keys down to this value, without the positions in lists. */
function addFields({ value }: Pick<MappingEntry, 'value'>, place: string, collector: Collector): void {
  // Deeper keys than any resource has.
  if (place.length > 2000) return;
  if (value.kind === 'sequence') for (const item of value.items) addFields({ value: item }, place, collector);
  else if (value.kind === 'scalar') addField(value, place, collector);
  else {
    const variable = variableOf(value);
    if (variable !== undefined) addField(variable.value, `${place}.${variable.name}`, collector);
    for (const entry of value.entries) addFields(entry, `${place}.${entry.key}`, collector);
  }
}

/** `{name: X, value: y}`: the place of a variable ends in its name. */
function variableOf(mapping: Mapping): { readonly name: string; readonly value: Scalar } | undefined {
  const [name, value]: (Tree | undefined)[] = [fieldOf(mapping, 'name'), fieldOf(mapping, 'value')];
  return name?.kind === 'scalar' && value?.kind === 'scalar' ? { name: name.text, value } : undefined;
}

function addField(scalar: Scalar, place: string, collector: Collector): void {
  if (!collector.imageRules.some((rule) => matchesRule(place, rule))) return;
  const text = stripBlanks(scalar.text);
  const option = /^--?[\w-]+=(.+)$/s.exec(text)?.[1];
  if (text === '' || (text.startsWith('-') && option === undefined)) return;
  if (/\s/.test(text)) {
    for (const { line, text: image } of imagesOfText(scalar)) addImage(collector, line, image);
  } else if (option === undefined || isVersioned(option)) addImage(collector, scalar.line, option ?? text);
}
