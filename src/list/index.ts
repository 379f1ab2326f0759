export { checkDefaultRegistry, formatSource } from './entry/source.ts';
export { titleOf } from './formats/formats.ts';
export type { ImageList, ListSummary, ListSurvey, OnCandidate } from './join-lists.ts';
export { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
export { listError, type Problem } from './problems.ts';
export { type ListInputs, readLists, surveyLists } from './read-lists.ts';
export {
  type Candidate,
  formatOrigin,
  type ImageRequest,
  type NamedList,
  type Origin,
  type ParsedList,
  type Reject,
  type Source,
  type Warning,
} from './request.ts';
export type { Form, WritableImage } from './write/form.ts';
export { listLines } from './list-lines.ts';
export { LIST_FORMS, writeList } from './write/forms.ts';
export { entryOf } from './write/locked.ts';
