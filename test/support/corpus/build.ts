import { AMD64, ARM64, buildImage, buildIndex, type Child } from '../fixtures/build.ts';
import type { Layer } from '../fixtures/layer.ts';
import type { Image } from '../image.ts';
import { layerOfPackages } from './layers.ts';
import { closureOf, downloadPackages, type Package } from './packages.ts';
import { type Application, APPLICATIONS, BASE, LEFT_OUT } from './recipe.ts';

export interface BuiltImage {
  readonly application: Application;
  readonly image: Image;
}

type LayersOf = (application: Application) => Promise<readonly Layer[]>;

/**
 * Builds the corpus: every image an index of amd64 and arm64, Docker's or OCI's, on one base layer a platform. Where
 * the machine's sources know its own architecture alone, the other platform gets the same layers.
 */
export async function buildCorpus(folder: string): Promise<BuiltImage[]> {
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const other = own === 'arm64' ? 'amd64' : 'arm64';
  const ownLayers = await layersOfArchitecture(folder, own);
  const otherLayers = await layersOfArchitecture(folder, other).catch((error: unknown) => {
    console.warn(`no packages of ${other} here, those of ${own} stand in: ${String(error)}`);
    return ownLayers;
  });
  const [amd64, arm64] = own === 'amd64' ? [ownLayers, otherLayers] : [otherLayers, ownLayers];
  const built: BuiltImage[] = [];
  for (const application of APPLICATIONS) {
    const { flavour, command } = application;
    const children: Child[] = [];
    for (const [platform, layersOf] of [[AMD64, amd64] as const, [ARM64, arm64] as const]) {
      const layers = await layersOf(application);
      children.push({ platform, image: buildImage({ flavour, platform, command, layers }) });
    }
    built.push({ application, image: buildIndex(children, flavour) });
  }
  return built;
}

/** Three layers at most: the base, the libraries that an application needs, itself. Equal sets are one layer. */
async function layersOfArchitecture(folder: string, architecture: string): Promise<LayersOf> {
  const names = [...new Set([...BASE, ...APPLICATIONS.flatMap(({ packages }) => packages)])];
  const packages = await downloadPackages(folder, architecture, names);
  const made = new Map<string, Promise<Layer>>();
  const layer = (set: readonly Package[]): Promise<Layer>[] => {
    if (set.length === 0) return [];
    const key = set.map(({ name }) => name).join(' ');
    const known = made.get(key) ?? layerOfPackages(folder, set);
    made.set(key, known);
    return [known];
  };
  const base = closureOf(packages, BASE, LEFT_OUT);
  const inBase = new Set(base.map(({ name }) => name));
  return (application) => {
    const all = closureOf(packages, application.packages, LEFT_OUT).filter(({ name }) => !inBase.has(name));
    const own = new Set(application.packages);
    const libraries = all.filter(({ name }) => !own.has(name));
    return Promise.all(
      [layer(base), layer(libraries), layer(all.filter(({ name }) => own.has(name)))].flat(),
    );
  };
}
