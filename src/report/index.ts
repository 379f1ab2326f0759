export { cacheLines } from './cache-words.ts';
export { formatBytes, formatCount } from './bytes.ts';
export { createReporter } from './create-reporter.ts';
export { renderColumns } from './render-columns.ts';
export { causeTexts } from './causes.ts';
export { formatSeconds } from './duration.ts';
export { type ErrorTextOptions, renderError } from './error-text.ts';
export { renderBundlePage, renderHtml } from './html.ts';
export { noteLines, platformWords, sizeWords, statusWords } from './image-words.ts';
export { plainLines, plainText, printableJson } from './plain-text.ts';
export type { Folding, Reporter, ReporterOptions, ReportStream } from './reporter.ts';
export { type Failure, failureOf, faultOf, type ReportedOrigin } from './failure.ts';
export {
  type PushedName,
  type PushReport,
  pushReportSchema,
  type PushTargetReport,
  pushTargetSchema,
} from './push-report.ts';
export { renderPushSummary } from './push-summary.ts';
export { pushNotes, pushTally, pushTraffic } from './summary-push.ts';
export type { ReleaseReport } from './release-report.ts';
export { archiveWords, releaseWords, renderRelease } from './summary-release.ts';
export {
  contentIn,
  isReportOf,
  formatRunReport,
  type ReportedImage,
  type RunReport,
  runReportSchema,
} from './run-report.ts';
export { REPORT_FILE_KIND } from './report-file-kind.ts';
export { renderSummary, type SummaryOptions } from './summary.ts';
export { unwritten } from './unwritten.ts';
