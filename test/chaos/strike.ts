import { copyFile, open, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { BadRegistry, Fault } from '../support/bad-registry.ts';
import { childrenOf } from '../support/children.ts';
import { largestBlobOf } from '../support/image.ts';
import { outputOf } from '../support/program.ts';
import { isSkopeo } from '../support/registry-request.ts';
import { IMAGES } from './images.ts';
import type { Lane } from './lane.ts';
import { groundOf, held, mirrorFault, sourceFault, targetFaults } from './line-faults.ts';
import { reached } from './moment.ts';
import type { FaultPlan, MirrorFault, Moment, Plan, ProcessFault, SourceFault, TargetFault } from './plan.ts';
import { type Ended, ociSave, type Running } from './process.ts';

export interface Scene {
  readonly lane: Lane;
  readonly plan: Plan;
  readonly folder: string;
  /** Of the command, without what a second writer changes. */
  readonly args: readonly string[];
  /** Tells that a tag moves now. */
  readonly onMove: (image: number) => void;
}

export interface Struck {
  readonly ended: Ended;
  /** Another save at the same time, and its output. */
  readonly second?: { readonly ended: Ended; readonly output: string };
  /** What was stopped on purpose. */
  readonly stopped: boolean;
  /** The faults that really happened: others came too late, or at what was not asked for. */
  readonly struck: ReadonlySet<FaultPlan>;
  /** Whether bytes of the earlier bundle were damaged. */
  readonly spoiled: boolean;
}

/** Runs one save while its faults happen. */
export async function strike(scene: Scene, faults: readonly FaultPlan[]): Promise<Struck> {
  const { lane, folder, args } = scene;
  const of = <K extends FaultPlan['kind']>(kind: K): Extract<ProcessFault, { kind: K }>[] =>
    faults.filter((fault): fault is Extract<ProcessFault, { kind: K }> => fault.kind === kind);
  const onLine = faults.filter((fault) => 'side' in fault);
  const struck = new Set<FaultPlan>(of('damaged store'));
  const atSource = onLine.filter((fault): fault is SourceFault => fault.side === 'source');
  const atTarget = onLine.filter((fault): fault is TargetFault => fault.side === 'target');
  const atMirror = onLine.filter((fault): fault is MirrorFault => fault.side === 'mirror');
  const gate = Promise.withResolvers<void>();
  lane.source.misbehave({
    ...groundOf(atSource),
    faults: [
      ...of('skopeo killed').map(({ image }) => held(image, gate.promise)),
      ...atSource.map((fault) => sourceFault(fault, lane.source.url)),
    ],
  });
  lane.mirror.misbehave({ faults: atMirror.map(mirrorFault) });
  lane.intercept(targetFaults(atTarget, (fault) => struck.add(fault)));
  lane.source.clear();
  lane.mirror.clear();
  lane.proxy.clear();
  let spoiled = false;
  for (const fault of of('damaged store')) spoiled = (await damage(folder, fault)) || spoiled;

  const running = ociSave(folder, args, true);
  const after = async <T>(
    fault: Extract<ProcessFault, { when: Moment }>,
    act: () => T,
  ): Promise<Awaited<T> | undefined> => {
    if (!(await reached(fault.when, running, scene))) return undefined;
    struck.add(fault);
    return await act();
  };
  let stopped = false;
  const stop = (signal: NodeJS.Signals): void => {
    stopped = running.child.kill(signal) || stopped;
  };
  const second = of('two writers').map((fault) =>
    after(fault, async () => {
      const output = fault.same === 'output' ? 'out' : 'out2';
      const ended = await ociSave(folder, fault.same === 'output' ? args : besides(args, output), true).done;
      return { ended, output };
    }),
  );
  const others = [
    ...of('killed').map((fault) => after(fault, () => stop('SIGKILL'))),
    ...of('interrupted').map((fault) => after(fault, () => stop(fault.signal))),
    ...of('moved tag').map((fault) => after(fault, () => scene.onMove(fault.image))),
    ...of('full disk').map((fault) => after(fault, async () => (await lane.disk()).fill(fault.leave))),
    ...of('skopeo killed').map((fault) =>
      killSkopeo(scene, running, fault.image)
        .then((killed) => killed && struck.add(fault))
        .finally(gate.resolve),
    ),
  ];
  const ended = await running.done;
  await Promise.all(others);
  const [other] = await Promise.all(second);
  if (of('full disk').length > 0) await (await lane.disk()).empty();
  for (const fault of atSource)
    if (asked(lane.source, sourceFault(fault, lane.source.url))) struck.add(fault);
  for (const fault of atMirror) if (asked(lane.mirror, mirrorFault(fault))) struck.add(fault);
  lane.source.misbehave({});
  lane.mirror.misbehave({});
  lane.intercept(() => undefined);
  return { ended, stopped, struck, spoiled, ...(other === undefined ? {} : { second: other }) };
}

/** Whether a registry was asked for what it does wrong, often enough for that. */
function asked(registry: BadRegistry, { path: wanted, after = 0 }: Fault): boolean {
  return registry.requests().filter((request) => wanted.test(request.path)).length > after;
}

/** The same save with an output of its own; what it is called is the only difference. */
function besides(args: readonly string[], output: string): string[] {
  return args.map((word, at) => (args[at - 1] === '-o' ? output : word));
}

async function killSkopeo({ lane }: Scene, running: Running, image: number): Promise<boolean> {
  const layers = IMAGES[image]?.generations.map(largestBlobOf) ?? [];
  const asked = Promise.race(
    layers.map((reference) => lane.source.request({ kind: 'blob', reference }, 'arrival')),
  );
  const request = await Promise.race([asked, running.done.then(() => undefined)]);
  if (request === undefined || !isSkopeo(request)) return false;
  const [skopeo] = childrenOf(running.child.pid).filter(({ name }) => name === 'skopeo');
  return skopeo !== undefined && process.kill(skopeo.pid, 'SIGKILL');
}

/**
 * Damages a stored blob of an image without another time. Returns whether the file was one that the earlier bundle has too.
 */
async function damage(
  folder: string,
  { image, what, how, inPlace }: Extract<ProcessFault, { kind: 'damaged store' }>,
): Promise<boolean> {
  const [first] = IMAGES[image]?.generations ?? [];
  if (first === undefined) return false;
  const layer = largestBlobOf(first);
  const [other = layer] = [...first.blobs.keys()].filter((digest) => digest !== layer);
  const digest = { top: first.top, layer, others: other }[what];
  const file = path.join(folder, 'store/blobs', digest.replace(':', '/'));
  if (how === 'remove') {
    await rm(file, { force: true });
    return false;
  }
  const [times, copy] = [path.join(folder, 'times'), path.join(folder, 'copy')];
  await outputOf('touch', ['-r', file, times]);
  if (!inPlace) {
    await copyFile(file, copy);
    await rename(copy, file);
  }
  const { size } = await stat(file);
  if (how === 'truncate') await truncate(file, size >> 1);
  else {
    const handle = await open(file, 'r+');
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size >> 1);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, size >> 1);
    await handle.close();
  }
  await outputOf('touch', ['-r', times, file]);
  await rm(times);
  return inPlace;
}
