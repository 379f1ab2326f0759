import { writeFile } from 'node:fs/promises';
import { afterAll } from 'vitest';
import { type BadRegistry, type BadRegistryOptions, startBadRegistry } from './bad-registry.ts';
import { type RunsCommand, type Workplace, workplace } from './oci-save.ts';

export interface Saving {
  readonly registry: BadRegistry;
  readonly work: Workplace;
  /** The arguments of a save of linux/amd64 from that registry. */
  readonly args: (...more: readonly string[]) => string[];
}

/** A misbehaving registry and a workplace for the tests of one file; they are closed after its last test. */
export async function startSaving(
  images: BadRegistryOptions['images'] = {},
  flags: readonly string[] = [],
  runs?: RunsCommand,
): Promise<Saving> {
  const registry = await startBadRegistry({ images });
  const work = await workplace({}, runs);
  afterAll(async () => {
    await work.close();
    await registry.close();
  });
  const always = ['save', '-p', 'linux/amd64', ...flags, '--insecure-registries', registry.host];
  return { registry, work, args: (...more) => [...always, ...more] };
}

/** Saves all platforms of these lines of a list, from a registry of the tests, as the folder `bundle`. */
export async function saveBundle(work: Workplace, host: string, lines: readonly string[]): Promise<void> {
  await writeFile(work.file('list.txt'), lines.join('\n'));
  await work.succeed('save', '-f', 'list.txt', '-p', 'all', '--insecure-registries', host, '-o', 'bundle');
}
