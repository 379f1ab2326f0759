export { renderBundlePage, renderHtml } from './html/page.ts';
export { renderErrorSummary, renderJobSummary } from './markdown/summary.ts';
export { renderColumns } from './terminal/columns.ts';
export { type ErrorTextOptions, renderError } from './terminal/error-text.ts';
export { createReporter } from './terminal/live.ts';
export type { ScreenOptions } from './terminal/paint.ts';
export { renderPushSummary, renderRelease } from './terminal/published.ts';
export type { Folding, Reporter, ReporterOptions, ReportStream } from './terminal/reporter.ts';
export { renderSummary } from './terminal/summary.ts';
