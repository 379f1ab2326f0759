import { z } from 'zod';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import { jsonIn } from '../text/json-in.ts';

const START = /^\{\n {2}"version": \d+,\n {2}"tool": \{\n {4}"name": "oci-save"/;

/** A report of any version has this. */
const anyReport = z.looseObject({
  version: z.int(),
  tool: z.looseObject({ name: z.literal('oci-save') }),
});

/** How a report is recognised: by its start, so that a cut one is recognised too, or by what every version of it has. */
export const REPORT_FILE_KIND: OwnFileKind = {
  noun: 'a report of oci-save',
  matches: (bytes, isWhole) =>
    START.test(bytes.toString('utf8')) || (isWhole && anyReport.safeParse(jsonIn(bytes)).success),
};
