export { causeTexts } from './causes.ts';
export { type Failure, failureOf, faultOf, type ReportedOrigin } from './failure.ts';
export {
  type PushedName,
  type PushReport,
  pushReportSchema,
  type PushTargetReport,
  pushTargetSchema,
} from './push-report.ts';
export type { ReleaseReport } from './release-report.ts';
export {
  contentIn,
  isReportOf,
  formatRunReport,
  type ReportedImage,
  type RunReport,
  runReportSchema,
  spellReport,
} from './run-report.ts';
export { REPORT_FILE_KIND } from './report-file-kind.ts';
export { unwritten } from './unwritten.ts';
