export { checkDefaultRegistry, formatSource, referenceIn } from './entry/source.ts';
export { titleOf } from './formats/formats.ts';
export type { ParseOptions } from './entry/findings.ts';
export type { LeftOut } from './ignore.ts';
export {
  type ImageList,
  type ListSummary,
  type ListSurvey,
  type OnCandidate,
  withTags,
} from './join-lists.ts';
export { isListAddress, type ListAddress, shownList } from './list-address.ts';
export { parseInline, parseList, type ParseListOptions } from './parse-list.ts';
export { listError, type Problem } from './problems.ts';
export type { FetchList } from './read-bytes.ts';
export { MAX_LIST_BYTES } from './syntax/lines.ts';
export { type ListInputs, readLists, surveyLists } from './read-lists.ts';
export {
  type Candidate,
  type FileSource,
  formatOrigin,
  type HeldPlace,
  type ImageRequest,
  type ListLogin,
  type NamedList,
  type Origin,
  type ParsedList,
  type Reject,
  type Source,
  type StorageSource,
  type TagRequest,
  type Warning,
} from './request.ts';
export { expandTags } from './tags/expand-tags.ts';
export type { Form, WritableImage } from './write/form.ts';
export { leftOutLines, listLines } from './list-lines.ts';
export { LIST_FORMS, writeList } from './write/forms.ts';
export { entryOf } from './write/locked.ts';
