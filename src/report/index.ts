export { causeChain, causeTexts, quotesInput } from './causes.ts';
export { type Failure, failureOf, type Fault, faultOf, type ReportedOrigin, USUAL_HINTS } from './failure.ts';
export {
  byCause,
  type Cause,
  causeKey,
  type FailureGroup,
  groupFailures,
  placedWords,
} from './failure-groups.ts';
export { byPlace, fewOf, originWords, type Place, placeOf, placeWords } from './place.ts';
export {
  type PushedName,
  type PushReport,
  pushReportSchema,
  type PushTargetReport,
  pushTargetSchema,
} from './push-report.ts';
export {
  contentIn,
  isReportOf,
  formatRunReport,
  type ReleaseReport,
  REPORT_FILE_KIND,
  type ReportedImage,
  type RunReport,
  runReportSchema,
  spellReport,
} from './run-report.ts';
export { ASSET_STATUS, type PushSection, pushSections, releaseWords } from './published.ts';
export { type ImageRow, missingNotes } from './image-rows.ts';
export { type Listing, listingsOf, summarize, type Summary } from './summary.ts';
export { imagesVerdict, judge, pushVerdict, type Verdict } from './verdict.ts';
