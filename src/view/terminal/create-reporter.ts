import { createLiveReporter } from './live.ts';
import { paletteOf } from './paint.ts';
import { createPlainReporter } from './plain.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';

/** A view of a run: live on a terminal, calm lines elsewhere and where only trouble is to be told. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, quiet = false, verbose = false, color = false, live = true, folding, now } = options;
  const parts = { stream, quiet, verbose, palette: paletteOf(color), color, folding, now };
  return live && stream.isTTY === true && !quiet ? createLiveReporter(parts) : createPlainReporter(parts);
}
