export type { NamedList, OnCandidate } from './candidates.ts';
export { checkDefaultRegistry } from './default-registry.ts';
export { parseInline } from './inline.ts';
export type { ImageList, ListSummary } from './join-lists.ts';
export { parseList, type ParseListOptions, titleOf } from './parse-list.ts';
export { type ListInputs, readLists } from './read-lists.ts';
export {
  type Candidate,
  formatOrigin,
  type ImageRequest,
  type Origin,
  type ParsedList,
  type Reject,
  type Source,
  type Warning,
} from './request.ts';
