export { cacheLines } from './cache-words.ts';
export { formatBytes, formatCount } from './bytes.ts';
export { createReporter } from './create-reporter.ts';
export { renderColumns } from './render-columns.ts';
export { causeTexts } from './causes.ts';
export { formatSeconds } from './duration.ts';
export { type ErrorTextOptions, renderError } from './error-text.ts';
export { renderBundlePage, renderHtml } from './html.ts';
export { noteLines, platformWords, statusWords } from './image-words.ts';
export { plainLines, plainText } from './plain-text.ts';
export type { Folding, Reporter, ReporterOptions, ReportStream } from './reporter.ts';
export {
  faultOf,
  type Failure,
  failureOf,
  formatRunReport,
  type ReleaseReport,
  type ReportedImage,
  type ReportedOrigin,
  type RunReport,
  runReportSchema,
} from './run-report.ts';
export { archiveWords, releaseWords, renderRelease } from './summary-release.ts';
export { renderSummary, type SummaryOptions } from './summary.ts';
