import { parseArgs } from 'node:util';
import { shareCompiled } from '../support/compiled.ts';
import { chaos, describeFailure } from './chaos.ts';
import { tableOf } from './table.ts';

/**
 * Saves ten images again and again while things go wrong, and judges what is left. `--runs N` (100), `--seed N` (the
 * time), `--only K,L` (these runs of that seed), `--lanes N` (runs at once, 3). Ends with 1 where anything was wrong.
 */
const { values: given } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    only: { type: 'string' },
    lanes: { type: 'string', default: '3' },
  },
});
const seed = Number(given.seed);
const numbers =
  given.only?.split(',').map(Number) ?? Array.from({ length: Number(given.runs) }, (_, at) => at);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const clear = await shareCompiled();
const began = performance.now();
let count = 0;
console.log(`seed ${seed}, ${numbers.length} runs`);
const outcomes = await chaos({
  seed,
  numbers,
  lanes: Number(given.lanes),
  signal: stop.signal,
  onOutcome(outcome) {
    count += 1;
    if (outcome.violation !== undefined) console.log(`\n${describeFailure(outcome)}`);
    else if (given.only !== undefined) console.log(`${JSON.stringify(outcome.plan)}\n${outcome.log}`);
    else if (count % 50 === 0)
      console.log(`${count} runs, ${Math.round((performance.now() - began) / 1000)} s`);
  },
});
await clear?.();
const wrong = outcomes.filter(({ violation }) => violation !== undefined);
console.log(`\n${tableOf(outcomes)}\n`);
console.log(
  `${outcomes.length} runs of seed ${seed} in ${Math.round((performance.now() - began) / 1000)} s: ${wrong.length === 0 ? 'nothing was wrong' : `${wrong.length} were wrong: ${wrong.map(({ plan }) => plan.at).join(', ')}`}`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
