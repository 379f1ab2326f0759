import { parsePlatformChoice } from '../../../oci/platform.ts';
import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, isNull, type Mapping, type MappingEntry, type Tree } from '../../syntax/tree.ts';
import { isVersioned } from '../image-text.ts';
import { addImage, addImageOf } from '../images.ts';

/** Top-level keys that name no image. */
const WITHOUT_IMAGES = new Set(['services', 'models', 'include', 'version', 'name']);

/**
 * A Compose file (compose-spec): the images of its services, of all profiles, each with the service's platform, and of
 * their volumes. An image that a service builds is no request, since the build makes it on this machine.
 */
export function parseCompose({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    if (root.kind !== 'mapping') continue;
    for (const { key, line, value } of root.entries) {
      if (key === 'services') addServices(value, collector);
      else if (key === 'models') addModels(value, collector);
      else if (key === 'include') addWarningOf('include', line, collector);
      // Anchors below `x-` count where a service uses them.
      else if (!key.startsWith('x-') && !WITHOUT_IMAGES.has(key)) collector.ignore(key);
    }
  }
}

function addServices(services: Tree, collector: Collector): void {
  for (const { key, value } of services.kind === 'mapping' ? services.entries : []) {
    if (value.kind === 'mapping') addService(key, value, collector);
  }
}

function addService(name: string, service: Mapping, collector: Collector): void {
  const image = fieldOf(service, 'image');
  const build = service.entries.find(({ key, value }) => key === 'build' && !isNull(value));
  if (build !== undefined) addBuild(name, build, collector);
  else if (image !== undefined) addServiceImage(service, image, collector);
  for (const volume of itemsOf(fieldOf(service, 'volumes'))) {
    if (textAt(volume, 'type') === 'image') addImageOf(volume, 'source', collector);
  }
  const parent = fieldOf(service, 'extends');
  if (parent !== undefined && fieldOf(parent, 'file') !== undefined) {
    addWarningOf('extends', parent.line, collector);
  }
  if (fieldOf(service, 'profiles') !== undefined) collector.ignore('profiles');
}

function addServiceImage(service: Mapping, image: Tree, collector: Collector): void {
  const platform = textAt(service, 'platform');
  if (image.kind !== 'scalar' || platform === undefined) addImageOf(service, 'image', collector);
  else {
    addImage(collector, image.line, image.text, () => ({
      platforms: parsePlatformChoice(collector.fill(platform)),
    }));
  }
}

/** What a build starts from is probably wanted by whoever builds at the site: it is in the Dockerfile. */
function addBuild(name: string, build: MappingEntry, collector: Collector): void {
  const service = /^[\w.-]{1,60}$/.test(name) ? `the service '${name}'` : 'a service';
  collector.addWarning(
    build.line,
    `${service} builds its image, which is not saved; its Dockerfile is a list of what it is built from`,
  );
  const contexts = fieldOf(build.value, 'additional_contexts');
  for (const { value } of contexts?.kind === 'mapping' ? contexts.entries : []) {
    const named =
      value.kind === 'scalar' ? /^docker-image:\/\/(.+)$/s.exec(stripBlanks(value.text))?.[1] : undefined;
    if (named !== undefined) collector.addCandidate(value.line, named, 'it is a context of a build');
  }
}

/** Models are artifacts of a registry, which a site may have in another way. */
function addModels(models: Tree, collector: Collector): void {
  for (const { value } of models.kind === 'mapping' ? models.entries : []) {
    const model = fieldOf(value, 'model');
    if (model?.kind !== 'scalar') continue;
    const text = stripBlanks(model.text);
    collector.addCandidate(model.line, isVersioned(text) ? text : `${text}:latest`, 'it is a model');
  }
}

function addWarningOf(key: 'include' | 'extends', line: number, collector: Collector): void {
  collector.addWarning(
    line,
    `the files that '${key}' names are not read: docker compose config prints all of them as one file`,
  );
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'sequence' ? tree.items : [];
}

function textAt(tree: Tree, key: string): string | undefined {
  const value = fieldOf(tree, key);
  return value?.kind === 'scalar' ? stripBlanks(value.text) : undefined;
}
