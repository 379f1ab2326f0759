import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';

/**
 * Changes lines of `src/` one at a time, runs the tests that reach each, and prints which changes no test noticed:
 *
 *     npm run mutate -- [--folder resolve]… [--lines 40] [--seed 1] [--threshold 90] [--tests test/resolve]…
 *
 * A seed draws the same lines again. With `--tests` only the tests below these folders run, which is faster and at most
 * as strict. Ends with 1 where a folder's score is below the threshold, in percent. Only tests
 * that load `src/` into their own process count, which are the unit tests and most of the integration tests.
 */

const FOLDERS = ['list', 'resolve', 'copy', 'cache', 'push', 'github-release'];

const { values } = parseArgs({
  options: {
    folder: { type: 'string', multiple: true, default: FOLDERS },
    lines: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    threshold: { type: 'string', default: '90' },
    tests: { type: 'string', multiple: true, default: ['test'] },
  },
});
const asNumber = z.coerce.number().int().nonnegative();
const [lines, seed, threshold] = [values.lines, values.seed, values.threshold].map((text) =>
  asNumber.parse(text),
) as [number, number, number];

const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.string(),
          location: z.object({ start: z.object({ line: z.number() }) }),
        }),
      ),
    }),
  ),
});

await run('npm', ['ci', '--prefix', 'tools/mutate', '--no-audit', '--no-fund']);
const folder = mkdtempSync(path.join(tmpdir(), 'oci-save-mutate-'));
try {
  const report = path.join(folder, 'report.json');
  const settings = path.join(folder, 'stryker.json');
  writeFileSync(
    settings,
    JSON.stringify({
      mutate: values.folder.flatMap((name) => drawLines(path.join('src', name), lines, seed)),
      // The words of a message are not what a test holds on to; comparisons with a text are changed otherwise.
      mutator: { excludedMutations: ['StringLiteral'] },
      plugins: [path.resolve('tools/mutate/node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
      testRunner: 'vitest',
      vitest: { configFile: 'tools/mutate/vitest.config.ts', pool: 'forks' },
      coverageAnalysis: 'perTest',
      // What runs when a module is loaded is reached by every test: one such change costs minutes.
      ignoreStatic: true,
      // TypeScript 7 has no API by which Stryker could rewrite a tsconfig, and none needs to be.
      tsconfigFile: 'none',
      tempDirName: path.join(folder, 'sandbox'),
      dryRunTimeoutMinutes: 30,
      timeoutMS: 30_000,
      reporters: ['progress-append-only', 'json'],
      jsonReporter: { fileName: report },
      allowEmpty: true,
    }),
  );
  await run(process.execPath, [
    'tools/mutate/node_modules/@stryker-mutator/core/bin/stryker.js',
    'run',
    settings,
  ]);
  const { files } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  const mutants = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({
      file,
      text: source.split('\n')[mutant.location.start.line - 1] ?? '',
      ...mutant,
    })),
  );
  let poor = false;
  for (const name of values.folder) {
    const inside = mutants.filter(({ file }) => file.startsWith(`src/${name}/`));
    const unnoticed = inside.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status));
    const noticed = inside.filter(({ status }) => ['Killed', 'Timeout'].includes(status)).length;
    const all = noticed + unnoticed.length;
    const percent = all === 0 ? 100 : (100 * noticed) / all;
    poor ||= percent < threshold;
    console.log(
      `${name.padEnd(16)} ${String(noticed).padStart(4)} of ${String(all).padStart(4)}  ${percent.toFixed(0)} %`,
    );
    for (const { file, location, mutatorName, replacement, text } of unnoticed)
      console.log(
        `  ${file}:${location.start.line} ${mutatorName} → ${replacement?.split('\n')[0] ?? ''}\n      ${text.trim()}`,
      );
  }
  process.exitCode = poor ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `count` lines of the code below a folder, as Stryker names them. Comments, imports and brackets have nothing to change.
 * Which lines they are depends on the seed, and on a line's file and place alone.
 */
function drawLines(below: string, count: number, drawn: number): string[] {
  return readdirSync(below, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const file = path.join(below, name);
      return readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((text, index) =>
          /^\s*(?:$|\/?\*|\/\/|import|export \{|\W*$)/.test(text) ? [] : `${file}:${index + 1}-${index + 1}`,
        );
    })
    .map((line) => ({ line, rank: createHash('sha256').update(`${drawn} ${line}`).digest('hex') }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ line }) => line);
}

/** Runs a program, with its output on ours. Throws where its exit code is not 0. The program ends with us, in any case. */
async function run(program: string, args: readonly string[]): Promise<void> {
  await execa(program, args, {
    stdio: 'inherit',
    env: { OCI_SAVE_MUTATE_TESTS: values.tests.join(',') },
  });
}
