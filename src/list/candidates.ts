import { quoteReference, showText } from '../oci/reference-quote.ts';
import { addEntryLine, noFindings, type ParseOptions } from './entry/findings.ts';
import type { Candidate, ImageRequest, ParsedList, Reject, Warning } from './request.ts';

export interface NamedList extends ParsedList {
  readonly file: string;
}

/** `report`: listed, not taken; `accept`: taken; `error`: nothing may be left in doubt. */
export type OnCandidate = 'report' | 'accept' | 'error';

export interface SettledList {
  readonly file: string;
  readonly format: string;
  readonly requests: readonly ImageRequest[];
  /** Left for the reader to decide on. */
  readonly candidates: readonly Candidate[];
  /** Candidates that are no references: reported, no error. */
  readonly rejected: readonly Reject[];
  /** What makes the list unusable. */
  readonly faults: readonly Reject[];
  readonly ignored: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Decides on the candidates of a list. */
export function settleCandidates(
  list: NamedList,
  options: ParseOptions & { readonly onCandidate: OnCandidate },
): SettledList {
  const { onCandidate } = options;
  const read = noFindings();
  const taken: Candidate[] = [];
  for (const candidate of list.candidates) {
    const before = read.requests.length;
    addEntryLine(read, candidate.origin, candidate.text, options);
    if (read.requests.length > before) taken.push(candidate);
  }
  const inDoubt = taken.map(({ text, origin, why }) => ({
    text,
    origin,
    reason: `${showText(text)} is probably an image (${why})`,
    hint: 'Set on-candidate to accept or report.',
  }));
  const accepted = onCandidate === 'accept';
  return {
    file: list.file,
    format: list.format,
    requests: accepted ? [...list.requests, ...read.requests] : list.requests,
    candidates: onCandidate === 'report' ? taken.map(withShownText) : [],
    rejected: accepted ? [] : read.rejects,
    faults: [...list.rejects, ...(accepted ? read.rejects : []), ...(onCandidate === 'error' ? inDoubt : [])],
    ignored: list.ignored,
    warnings: list.warnings,
  };
}

/** Its text goes into reports and annotations. */
function withShownText(candidate: Candidate): Candidate {
  return { ...candidate, text: quoteReference(candidate.text) ?? '' };
}
