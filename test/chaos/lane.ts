import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { IncomingMessage } from 'node:http';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { closable, type Closable } from '../support/closable.ts';
import { outputOf } from '../support/program.ts';
import {
  hasZot,
  type DockerRegistry,
  type InterceptedAnswer,
  type Proxy,
  startDockerRegistry,
  startProxy,
  startZot,
  type Zot,
} from '../support/servers/index.ts';
import { smallDisk, type SmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp.ts';
import { IMAGES, lineOf, storedName, TAG } from './images.ts';
import { inspected } from './judge/registry.ts';
import { ociSave } from './process.ts';
import type { Plan } from './plan.ts';

type Intercept = (request: IncomingMessage) => InterceptedAnswer | undefined;

/** What runs one after the other share: the servers, and a whole bundle of the first generation to begin with. */
export interface Lane extends Closable {
  readonly source: BadRegistry;
  /** Has what the source has; only some plans ask it. */
  readonly mirror: BadRegistry;
  readonly target: DockerRegistry;
  readonly proxy: Proxy;
  /** The real zot over `served`, where this machine has it. */
  readonly zot: Zot | undefined;
  readonly served: string;
  readonly folder: string;
  /** What the source serves under each stored name, by generation, as skopeo sees it. */
  readonly digests: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
  /** How many requests a save of everything makes, by copier. */
  readonly requests: Readonly<Record<Plan['copier'], number>>;
  /** Decides what is answered in the target's place from now on. */
  intercept(answer: Intercept): void;
  /** Lets a tag name its first generation or its second. */
  point(image: number, generation: 0 | 1): void;
  /** An empty folder for a run; with the earlier bundle, its archive and its store if wanted. */
  workplace(plan: Plan, disk: boolean): Promise<string>;
  disk(): Promise<SmallDisk>;
}

export async function startLane(): Promise<Lane> {
  const temp = await tempFolder('chaos');
  const open: Closable[] = [temp];
  const keep = <T extends Closable>(one: T): T => (open.unshift(one), one);
  const end = async (): Promise<void> => {
    for (const one of open) await one.close();
  };
  try {
    const source = keep(await startBadRegistry());
    const mirror = keep(await startBadRegistry());
    const target = keep(await startDockerRegistry());
    const served = path.join(temp.path, 'served');
    await mkdir(served);
    const zot = hasZot() ? keep(await startZot({ root: served })) : undefined;
    let intercept: Intercept = () => undefined;
    const proxy = keep(await startProxy(target.host, { intercept: (request) => intercept(request) }));
    const point = (image: number, generation: 0 | 1): void => {
      const { repository, generations } = IMAGES[image] as (typeof IMAGES)[number];
      for (const registry of [source, mirror]) registry.put(repository, generations[generation], TAG);
    };
    const all = (generation: 0 | 1): void => IMAGES.forEach((_, at) => point(at, generation));
    const servedNames = async (generation: 0 | 1): Promise<ReadonlyMap<string, string>> => {
      all(generation);
      const names = new Map<string, string>();
      for (const { repository, pinned, generations } of IMAGES) {
        const digest = await inspected(
          `${source.host}/${repository}${pinned ? `@${generations[0].top}` : `:${TAG}`}`,
        );
        names.set(storedName(repository), digest);
      }
      return names;
    };
    const digests = [await servedNames(0), await servedNames(1)] as const;
    all(0);
    const list = `${IMAGES.map((image) => lineOf(source.host, image)).join('\n')}\n`;
    const fresh = async (folder: string): Promise<void> => {
      await mkdir(folder);
      await writeFile(path.join(folder, 'list.txt'), list);
    };
    const templates = new Map<string, Promise<string>>();
    const requests = { skopeo: 0, direct: 0 };
    const template = async (copier: Plan['copier'], archive: Plan['archive']): Promise<string> => {
      const folder = path.join(temp.path, `template-${copier}-${archive}`);
      await fresh(folder);
      all(0);
      source.misbehave({});
      source.clear();
      const plan = { copier, archive, push: false, retries: 1, parallel: 8 };
      const ended = await ociSave(folder, argumentsOf(plan, source.host, ''), false).done;
      if (ended.code !== 0) throw new Error(`a save without faults failed:\n${ended.stderr}`);
      requests[copier] = source.requests().length;
      return folder;
    };
    const templateOf = (copier: Plan['copier'], archive: Plan['archive']): Promise<string> => {
      const key = `${copier} ${archive}`;
      const made = templates.get(key) ?? template(copier, archive);
      templates.set(key, made);
      return made;
    };
    await templateOf('skopeo', 'none');
    await templateOf('direct', 'none');
    let disk: SmallDisk | undefined;
    const lane = {
      source,
      mirror,
      target,
      proxy,
      zot,
      served,
      folder: temp.path,
      digests,
      requests,
      intercept: (answer: Intercept) => void (intercept = answer),
      point,
      async disk() {
        disk ??= keep(await smallDisk(DISK_BYTES));
        return disk;
      },
      async workplace(plan: Plan, onDisk: boolean) {
        const from = plan.earlier ? await templateOf(plan.copier, plan.archive) : undefined;
        const folder = path.join(onDisk ? (await lane.disk()).path : temp.path, 'work');
        await rm(folder, { recursive: true, force: true });
        if (from === undefined) await fresh(folder);
        else await outputOf('cp', ['-a', from, folder]);
        return folder;
      },
    };
    return closable(lane, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** Room for two bundles, their store and their archives, and the 16 MiB that a save wants to be free. */
const DISK_BYTES = 96 * 1024 * 1024;

export const OUTPUT = 'out';

/** The arguments of a save; `prefix` is the target's, where the plan has a push, and `mirror` a host asked before the source. */
export function argumentsOf(
  plan: Pick<Plan, 'copier' | 'archive' | 'push' | 'retries' | 'parallel'>,
  source: string,
  prefix: string,
  mirror?: string,
): string[] {
  const { copier, archive, push, retries, parallel } = plan;
  const target = prefix.split('/')[0] ?? '';
  const hosts = [source, ...(push ? [target] : []), ...(mirror === undefined ? [] : [mirror])];
  return [
    'save',
    ...'-f list.txt -p all --cache-dir store --no-color -o'.split(' '),
    OUTPUT,
    '--copier',
    copier,
    '--retries',
    String(retries),
    '--parallel',
    String(parallel),
    '--insecure-registries',
    hosts.join(','),
    ...(mirror === undefined ? [] : ['--mirrors', `${source}=${mirror}`]),
    ...(archive === 'none' ? [] : ['--archive', 'tar']),
    ...(archive === 'parts' ? ['--split-size', '2MiB'] : []),
    ...(push ? ['--push', prefix] : []),
  ];
}
