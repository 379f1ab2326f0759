import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { outputOf } from '../support/program.ts';
import { IMAGES, storedName } from './images.ts';
import { differences, equal, judgeBundle, type Names, Violation } from './judge/bundle.ts';
import { judgeArchive, judgeSums } from './judge/archive.ts';
import { judgeClasses } from './judge/classes.ts';
import { judgePulls, judgeServed, judgeTarget } from './judge/registry.ts';
import { argumentsOf, type Lane, OUTPUT } from './lane.ts';
import type { FaultPlan, Kind, Plan } from './plan.ts';
import { type Ended, endStrays, ociSave } from './process.ts';
import { strike, type Struck } from './strike.ts';

export interface Outcome {
  readonly plan: Plan;
  /** How its faulty saves ended. */
  readonly ended: 'well' | 'error' | 'stopped';
  readonly healed: boolean;
  /** The kinds of faults that really happened. */
  readonly struck: ReadonlySet<Kind>;
  readonly violation: Violation | undefined;
  /** What the saves printed, of a run with a violation. */
  readonly log: string;
  readonly seconds: number;
}

/** Every so many runs skopeo looks at all images, too, and pulls them whole. */
const [INSPECTS_EVERY, PULLS_EVERY] = [4, 20];

/** One run of a plan: its faulty saves, each judged, and one without faults, which has to mend everything. */
export async function runPlan(lane: Lane, plan: Plan): Promise<Outcome> {
  const began = performance.now();
  const onDisk = plan.steps.flat().some(({ kind }) => kind === 'full disk');
  const folder = await lane.workplace(plan, onDisk);
  const prefix = `${lane.proxy.host}/r${plan.at}`;
  const course = new Course(lane, plan, folder, prefix);
  let violation: Violation | undefined;
  try {
    for (const faults of plan.steps) await course.step(faults);
    await course.heal();
    await course.serve(onDisk);
  } catch (error) {
    violation = error instanceof Violation ? error : new Violation('other', String(error));
  } finally {
    endStrays(folder);
  }
  if (violation === undefined) await rm(folder, { recursive: true, force: true });
  const { ended, healed, struck, log } = course;
  return { plan, ended, healed, struck, violation, log, seconds: (performance.now() - began) / 1000 };
}

class Course {
  ended: Outcome['ended'] = 'well';
  healed = false;
  readonly struck = new Set<Kind>();
  log = '';
  readonly #lane: Lane;
  readonly #plan: Plan;
  readonly #folder: string;
  readonly #args: string[];
  readonly #generations: (0 | 1)[];
  /** What each name may have been in this step: one digest, or more while its tag moves. */
  #allowed = new Map<string, Set<string>>();
  /** What stood at the output before; `spoiled` where the harness itself has damaged it. */
  #standing: Names | 'spoiled' | undefined;
  #interrupted = false;
  #archived: Names | undefined;
  /** What may stand at the target: whatever a tag was in any step. */
  readonly #pushable = new Map<string, Set<string>>();

  constructor(lane: Lane, plan: Plan, folder: string, prefix: string) {
    this.#lane = lane;
    this.#plan = plan;
    this.#folder = folder;
    this.#args = argumentsOf(plan, lane.source.host, prefix, plan.mirror ? lane.mirror.host : undefined);
    this.#standing = plan.earlier ? lane.digests[0] : undefined;
    this.#archived = plan.earlier && plan.archive !== 'none' ? lane.digests[0] : undefined;
    this.#generations = IMAGES.map((_, at) => (plan.renewed.includes(at) ? 1 : 0));
    this.#generations.forEach((generation, at) => lane.point(at, generation));
  }

  async step(faults: readonly FaultPlan[]): Promise<void> {
    this.#begin();
    const { plan, folder, lane } = { plan: this.#plan, folder: this.#folder, lane: this.#lane };
    const onMove = (image: number): void => {
      const next = this.#generations[image] === 0 ? 1 : 0;
      this.#generations[image] = next;
      // Before it can be served: what is served is allowed.
      this.#allow(image, next);
      lane.point(image, next);
    };
    const struck = await strike({ lane, plan, folder, args: this.#args, onMove }, faults);
    this.#note(JSON.stringify(faults), struck.ended);
    if (struck.second) this.#note('the second writer', struck.second.ended);
    for (const { kind } of struck.struck) this.struck.add(kind);
    this.#judgeEnds(struck);
    judgeClasses(faults, this.#plan.retries, struck);
    const { ended, stopped, second, spoiled } = struck;
    if (stopped) this.ended = 'stopped';
    else if (ended.code !== 0 && this.ended === 'well') this.ended = 'error';
    if (spoiled && this.#standing !== undefined) this.#standing = 'spoiled';
    const done = ended.code === 0 || (second?.output === OUTPUT && second.ended.code === 0);
    await this.#judgeOutput(done, stopped, ended.code === 2);
    if (second?.output === 'out2') await this.#judgeSecond(second.ended);
  }

  async heal(): Promise<void> {
    this.#begin();
    const ended = await ociSave(this.#folder, this.#args, false).done;
    this.#note('without faults', ended);
    if (ended.code !== 0)
      throw new Violation('other', `the run without faults ended with ${ended.code ?? ended.signal}`);
    await this.#judgeOutput(true, false, false);
    const left = [
      ...readdirSync(this.#folder).filter((name) => /^\.out|\.part$/.test(name)),
      ...readdirSync(path.join(this.#folder, 'store/runs')),
    ];
    // The second writer's is the next one's to clear.
    const own = left.filter((name) => !name.startsWith('.out2') && !name.startsWith('out2'));
    if (own.length > 0) throw new Violation('other', `it left ${own.join(', ')}`);
    this.healed = true;
  }

  /** The bundle as zot serves it, and the target as it is: each down to the last blob. */
  async serve(onDisk: boolean): Promise<void> {
    const { zot, served, target } = this.#lane;
    const names = this.#names();
    const places: string[] = [];
    const copy = path.join(served, `r${this.#plan.at}`);
    if (zot !== undefined) {
      await outputOf('cp', [onDisk ? '-a' : '-al', path.join(this.#folder, OUTPUT, 'registry'), copy]);
      places.push(zot.host);
    }
    if (this.#plan.push) places.push(target.host);
    const prefix = `r${this.#plan.at}`;
    for (const host of places) {
      const found = await judgeTarget(`http://${host}`, prefix, names.keys());
      if (!equal(found, names)) throw new Violation('wrong', `${host}: ${differences(names, found)}`);
      if (this.#plan.at % INSPECTS_EVERY === 0) await judgeServed(`${host}/${prefix}`, names);
      if (this.#plan.at % PULLS_EVERY === 0)
        await judgePulls(`${host}/${prefix}`, names, path.join(this.#folder, 'pulled'));
    }
    await rm(copy, { recursive: true, force: true });
  }

  #begin(): void {
    this.#allowed = new Map();
    this.#generations.forEach((generation, image) => this.#allow(image, generation));
  }

  #allow(image: number, generation: 0 | 1): void {
    const name = storedName(IMAGES[image]?.repository ?? '');
    const digest = this.#lane.digests[generation].get(name) ?? '';
    for (const map of [this.#allowed, this.#pushable])
      map.set(name, (map.get(name) ?? new Set()).add(digest));
  }

  /** What each name is now. */
  #names(): Names {
    return new Map(
      IMAGES.map(({ repository }, image) => {
        const name = storedName(repository);
        return [name, this.#lane.digests[this.#generations[image] ?? 0].get(name) ?? ''] as const;
      }),
    );
  }

  #fits(names: Names): boolean {
    return (
      names.size === this.#allowed.size &&
      [...names].every(([name, digest]) => this.#allowed.get(name)?.has(digest) === true)
    );
  }

  #judgeEnds({ ended, second, stopped }: Struck): void {
    for (const { code, signal, stderr, hung } of [ended, ...(second ? [second.ended] : [])]) {
      // One that cannot end in order within seconds ends by the signal itself: the fast clock makes them few.
      if (hung || (signal !== null && !stopped)) {
        throw new Violation('other', hung ? 'a run hung' : `a run was ended by ${signal}`);
      }
      if (code !== null && !(stopped ? [0, 1, 2, 130, 143] : [0, 1, 2]).includes(code))
        throw new Violation('other', `exit code ${code}`);
      if (/fault in oci-save|^ {4}at .+:\d+/m.test(stderr))
        throw new Violation('other', 'a fault in oci-save');
      if (code === 0 && /^Failed\b/m.test(stderr)) throw new Violation('other', 'exit code 0, and a failure');
      if ((code === 1 || code === 2) && !/^(error|Failed)\b/m.test(stderr))
        throw new Violation('other', `exit code ${code} without a word`);
    }
  }

  /** What stands at the output: nothing, the earlier bundle or a new one, and each whole. */
  async #judgeOutput(done: boolean, stopped: boolean, notStarted: boolean): Promise<void> {
    const before = this.#standing;
    const after = await this.#standingNow(done, stopped);
    if (done && (after === undefined || after === 'spoiled' || !this.#fits(after)))
      throw new Violation('wrong', `exit 0, but ${this.#wrong(after)}`);
    // After a run that was stopped among its renames, the next one ends these, even where it does nothing else.
    const mends = this.#interrupted;
    this.#interrupted = stopped || (mends && notStarted);
    const isSame = !(before instanceof Map) || (after instanceof Map && equal(before, after));
    if (!done && notStarted && !mends && !isSame)
      throw new Violation('wrong', 'exit code 2, and the output has changed');
    this.#standing = after;
    if (this.#plan.archive !== 'none') await this.#judgeArchive(done, stopped);
    if (this.#plan.push) await this.#judgeTarget(done);
  }

  async #standingNow(done: boolean, stopped: boolean): Promise<Names | 'spoiled' | undefined> {
    const output = path.join(this.#folder, OUTPUT);
    const before = this.#standing;
    if (!existsSync(output)) {
      if (before === undefined) return undefined;
      const old = path.join(this.#folder, `.${OUTPUT}.old`);
      if (!stopped || !existsSync(old)) throw new Violation('half', 'the earlier bundle is gone');
      if (before === 'spoiled') return before;
      const names = await judgeBundle(old);
      if (!equal(names, before))
        throw new Violation('wrong', `the earlier bundle: ${differences(before, names)}`);
      return before;
    }
    if (before === 'spoiled' && !done) {
      // What we damaged ourselves may stand there still; a new bundle has to be whole.
      try {
        const names = await judgeBundle(output);
        return this.#fits(names) ? names : before;
      } catch (error) {
        if (error instanceof Violation) return before;
        throw error;
      }
    }
    const names = await judgeBundle(output);
    if (this.#fits(names) || (before instanceof Map && equal(names, before))) return names;
    throw new Violation('wrong', this.#wrong(names));
  }

  #wrong(names: Names | 'spoiled' | undefined): string {
    return names instanceof Map
      ? `the bundle has ${differences(this.#names(), names)}`
      : 'there is no bundle';
  }

  async #judgeArchive(done: boolean, stopped: boolean): Promise<void> {
    if (!done) {
      const sums = await judgeSums(this.#folder, OUTPUT);
      // One that was stopped while it exchanged the files has no sums for them.
      if (stopped) {
        if (!sums) this.#archived = undefined;
        return;
      }
      if (this.#archived === undefined && !sums) return;
    }
    const names = await judgeArchive(this.#folder, OUTPUT);
    const same = done ? this.#standing instanceof Map && equal(names, this.#standing) : this.#fits(names);
    if (!same && (done || this.#archived === undefined || !equal(names, this.#archived)))
      throw new Violation('wrong', `the archive: ${differences(this.#names(), names)}`);
    this.#archived = names;
  }

  async #judgeTarget(done: boolean): Promise<void> {
    const names = await judgeTarget(this.#lane.target.url, `r${this.#plan.at}`, this.#allowed.keys());
    for (const [name, digest] of names)
      if (this.#pushable.get(name)?.has(digest) !== true)
        throw new Violation('wrong', `the target has ${name} as ${digest}`);
    if (done && this.#standing instanceof Map && !equal(this.#standing, names))
      throw new Violation('wrong', `exit 0, but the target: ${differences(this.#standing, names)}`);
  }

  async #judgeSecond({ code }: Ended): Promise<void> {
    const output = path.join(this.#folder, 'out2');
    if (!existsSync(output)) {
      if (code === 0) throw new Violation('half', 'the second writer ended with 0, and wrote nothing');
      return;
    }
    const names = await judgeBundle(output);
    if (!this.#fits(names))
      throw new Violation('wrong', `the second writer: ${differences(this.#names(), names)}`);
    await rm(output, { recursive: true });
  }

  #note(what: string, { code, signal, stderr, seconds }: Ended): void {
    this.log += `--- ${what}: exit ${code ?? signal} after ${seconds.toFixed(1)} s\n${stderr}\n`;
  }
}
