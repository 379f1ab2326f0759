import { describe, expect, it } from 'vitest';
import { errorInWorkflowWords, inWorkflowWords } from '../../src/action/wording.ts';
import { OciSaveError } from '../../src/errors.ts';

describe('words for a workflow', () => {
  it.each([
    [
      "Install it with 'sudo apk add skopeo', or copy without it: --copier direct.",
      "Install it with 'sudo apk add skopeo', or copy without it: `copier: direct`.",
    ],
    [
      'Name a folder with --output, or ask for --archive tar.',
      'Name a folder with `output`, or ask for `archive: tar`.',
    ],
    [
      "Platform: linux/amd64, this machine's; --platforms names others",
      "Platform: linux/amd64, this machine's; `platforms` names others",
    ],
    ['Run it again with --verbose to see more.', 'Run it again with debug logging to see more.'],
    ['apt-get install --no-install-recommends', 'apt-get install --no-install-recommends'],
    ['a -- b --', 'a -- b --'],
  ])('%s', (flags, inputs) => expect(inWorkflowWords(flags)).toBe(inputs));

  it('keep all else of an error, and errors that are not ours', () => {
    const cause = new Error('why');
    const details = [{ message: 'use --output', file: 'a', line: 1 }];
    const error = errorInWorkflowWords(
      new OciSaveError({ code: 'list', message: 'm', hint: '--retries', cause, details }),
    );
    expect(error).toMatchObject({ code: 'list', message: 'm', hint: '`retries`', cause });
    expect(error).toHaveProperty('details', [{ message: 'use `output`', file: 'a', line: 1 }]);
    expect(errorInWorkflowWords(cause)).toBe(cause);
  });
});
