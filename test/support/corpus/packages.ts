import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../program.ts';
import { toolPath } from '../tools.ts';

export interface Package {
  readonly name: string;
  readonly file: string;
  /** Alternatives of each dependency, by name. */
  readonly depends: readonly (readonly string[])[];
}

/**
 * Downloads packages of one architecture with all that they depend on. apt gets a state folder of its own, so that
 * nothing on the machine changes, neither its lists nor its architectures, and nothing is installed.
 * @throws Error with apt's words where the machine's sources do not have them.
 */
export async function downloadPackages(
  folder: string,
  architecture: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Package>> {
  const at = (name: string): string => join(folder, architecture, name);
  await mkdir(at('lists/partial'), { recursive: true });
  await mkdir(at('cache/archives/partial'), { recursive: true });
  const options = {
    'Dir::State': at(''),
    'Dir::State::lists': at('lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': at('cache'),
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': '',
    'APT::Update::Post-Invoke-Success::': 'true',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
  };
  const flags = ['-q', ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
  const apt = toolPath('apt-get');
  await outputOf(apt, [...flags, 'update']);
  await outputOf(apt, [...flags, '-y', '--no-install-recommends', '--download-only', 'install', ...names]);
  const archives = at('cache/archives');
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb')).sort();
  const packages = await Promise.all(files.map((name) => readPackage(join(archives, name))));
  return new Map(packages.map((found) => [found.name, found]));
}

async function readPackage(file: string): Promise<Package> {
  const control = await outputOf(toolPath('dpkg-deb'), ['-f', file, 'Package', 'Pre-Depends', 'Depends']);
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';
  const depends = [field('Pre-Depends'), field('Depends')]
    .flatMap((line) => line.split(','))
    .filter((clause) => clause.trim() !== '')
    .map((clause) => clause.split('|').map((word) => word.trim().replace(/[ :(].*$/, '')));
  return { name: field('Package'), file, depends };
}

/** Packages with all that they depend on, sorted by name; what was not downloaded is some other package's virtue. */
export function closureOf(
  packages: ReadonlyMap<string, Package>,
  names: readonly string[],
  leftOut: ReadonlySet<string>,
): Package[] {
  const found = new Map<string, Package>();
  const visit = (name: string): void => {
    const wanted = packages.get(name);
    if (!wanted || found.has(name) || leftOut.has(name)) return;
    found.set(name, wanted);
    for (const alternatives of wanted.depends) {
      const first = alternatives.find((alternative) => packages.has(alternative));
      if (first !== undefined) visit(first);
    }
  };
  names.forEach(visit);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
