import { scriptMarkup } from '../template.ts';
import { COMMANDS_CODE } from './commands.ts';
import { COPY_CODE } from './copy.ts';
import { MAX_PRINTED, OPENING_CODE } from './opening.ts';
import { SEARCH_CODE } from './search.ts';

export { SEARCH_FIELDS } from './search.ts';
export { MAX_PRINTED };

/**
 * The page's one script. Without it the page lacks its fields and buttons and nothing else: they are shown, or made, by the
 * script. It is written for browsers of many years, and sets texts, never markup.
 */
export const SCRIPT = scriptMarkup(
  `(function () {\n'use strict';\n${[COMMANDS_CODE, COPY_CODE, SEARCH_CODE, OPENING_CODE].join('\n')}\n})();`,
);
