import { OciSaveError } from '../../errors.ts';

/**
 * Checks the rules of the option `imageRules`.
 * @throws OciSaveError `usage` for what is not a kind and a path
 */
export function checkImageRules(rules: readonly string[]): void {
  const wrong = rules.findIndex((rule) => !/^(?:\w+|\*)\/[^\s]{1,1000}$/.test(rule));
  if (wrong < 0) return;
  throw new OciSaveError({
    code: 'usage',
    message: `image-rules: entry ${wrong + 1} is not KIND/PATH`,
    hint: 'Write a kind and the keys down to a field, with * for any run of characters: Deployment/*.env.HELPER_IMAGE',
  });
}

/** Whether a place fits a rule, in which `*` stands for any run of characters. Linear: each part is sought once. */
export function matchesRule(place: string, rule: string): boolean {
  const [first = '', ...more] = rule.split('*');
  const last = more.pop();
  if (last === undefined) return place === rule;
  if (!place.startsWith(first)) return false;
  let at = first.length;
  for (const part of more) {
    const found = place.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return place.length - last.length >= at && place.endsWith(last);
}
