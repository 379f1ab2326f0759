import { describe, expect, it } from 'vitest';
import { asInput } from '../../src/options/index.ts';
import { renderError } from '../../src/view/index.ts';
import { hintOf, OciSaveError } from '../../src/errors.ts';
import { asFlag, type Hint, hint, option, spellHint } from '../../src/text/hint.ts';

const nested = hint`one: ${option('copier', 'direct')}.`;

describe('a hint that names options as data', () => {
  it.each<[Hint, flags: string, inputs: string]>([
    [
      hint`Install it with '${'sudo apk add skopeo'}', or copy without it: ${option('copier', 'direct')}.`,
      "Install it with 'sudo apk add skopeo', or copy without it: --copier direct.",
      "Install it with 'sudo apk add skopeo', or copy without it: `copier: direct`.",
    ],
    [
      hint`Name a folder with ${option('output')}, or ask for ${option('archive', 'tar')}.`,
      'Name a folder with --output, or ask for --archive tar.',
      'Name a folder with `output`, or ask for `archive: tar`.',
    ],
    [hint`Take ${nested}`, 'Take one: --copier direct.', 'Take one: `copier: direct`.'],
    [
      hint`Run it again with ${option('verbose')} to see more.`,
      'Run it again with --verbose to see more.',
      'Run it again with debug logging to see more.',
    ],
    [
      hint`oci-save release has ${option('repository')}`,
      'oci-save release has --repository',
      'oci-save release has --repository',
    ],
    [
      'apt-get install --no-install-recommends',
      'apt-get install --no-install-recommends',
      'apt-get install --no-install-recommends',
    ],
    ['a -- b --', 'a -- b --', 'a -- b --'],
  ])('is spelled with flags for the command and with inputs for a workflow: %j', (given, flags, inputs) => {
    expect(spellHint(given, asFlag)).toBe(flags);
    expect(spellHint(given, asInput)).toBe(inputs);
  });

  it('stands in an error as text with flags, and as data for other front ends', () => {
    const cause = new Error('why');
    const details = [{ message: 'm', file: 'a', line: 1 }];
    const error = new OciSaveError({
      code: 'list',
      message: 'm',
      hint: hint`${option('retries')}`,
      cause,
      details,
    });
    expect(error).toMatchObject({ code: 'list', message: 'm', hint: '--retries', cause });
    expect(error).toHaveProperty('details', details);
    expect(hintOf(error, asInput)).toBe('`retries`');
    expect(hintOf(cause, asInput)).toBeUndefined();
    expect(renderError(error, { color: false, verbose: false, spelling: asInput })).toContain(
      'hint: `retries`',
    );
  });
});

describe('an error that gets another message', () => {
  it('keeps its code, its cause and the options that its hint names', () => {
    const cause = new Error('refused');
    const parts = { code: 'network', message: 'no TLS', hint: nested, cause } as const;
    const error = new OciSaveError(parts).reworded('its child linux/arm64: no TLS');
    expect(error).toMatchObject({ code: 'network', message: 'its child linux/arm64: no TLS', cause });
    expect(hintOf(error, asInput)).toBe('one: `copier: direct`.');
    expect(hintOf(error, asFlag)).toBe('one: --copier direct.');
  });
});
