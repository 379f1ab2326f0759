import type { Collector } from '../../entry/findings.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { stripBlanks } from '../../syntax/lines.ts';
import { fieldOf, listed, type Tree } from '../../syntax/tree.ts';
import { treeAt } from '../fields.ts';

/**
 * A workflow or an action of GitHub: containers and services of jobs, and actions that are images. Images of a pipeline
 * are candidates: they build the product, and are rarely part of it.
 */
export function parseGithubWorkflow({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    for (const job of valuesOf(fieldOf(root, 'jobs'))) {
      addImageOr(fieldOf(job, 'container'), 'image', 'it is the container of a job', collector);
      for (const service of valuesOf(fieldOf(job, 'services'))) {
        addImageOr(service, 'image', 'it is a service of a job', collector);
      }
      addSteps(fieldOf(job, 'steps'), collector);
    }
    addSteps(treeAt(root, 'runs.steps'), collector);
    addDocker(treeAt(root, 'runs.image'), 'it is the image of an action', collector);
  }
}

/** A pipeline of GitLab: `image` and `services` of jobs, and those for all jobs. All are candidates. */
export function parseGitlabCi({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    for (const job of [root, ...valuesOf(root)]) {
      addImageOr(fieldOf(job, 'image'), 'name', 'it is the image of a job', collector);
      const services = fieldOf(job, 'services');
      for (const service of services === undefined ? [] : listed(services)) {
        addImageOr(service, 'name', 'it is a service of a job', collector);
      }
    }
    if (fieldOf(root, 'include') !== undefined) collector.ignore('include');
  }
}

/** A devcontainer.json: its image is a candidate. Features are artifacts for a build on the developer's machine. */
export function parseDevcontainer({ trees }: ListDocument, collector: Collector): void {
  for (const root of trees?.roots ?? []) {
    addImageOr(fieldOf(root, 'image'), 'image', 'it is the image of a development container', collector);
    for (const key of ['features', 'dockerComposeFile', 'build', 'dockerFile']) {
      if (fieldOf(root, key) !== undefined) collector.ignore(key);
    }
  }
}

function addSteps(steps: Tree | undefined, collector: Collector): void {
  for (const step of steps?.kind === 'sequence' ? steps.items : []) {
    addDocker(fieldOf(step, 'uses'), 'it is an action', collector);
  }
}

/** `docker://reference`; other texts are Dockerfiles and repositories of actions. */
function addDocker(tree: Tree | undefined, why: string, collector: Collector): void {
  if (tree?.kind !== 'scalar') return;
  const image = /^docker:\/\/(.+)$/s.exec(stripBlanks(tree.text))?.[1];
  if (image !== undefined) collector.addCandidate(tree.line, image, why);
}

/** An image that is a text, or a mapping with a text under a key. */
function addImageOr(tree: Tree | undefined, key: string, why: string, collector: Collector): void {
  const image = tree?.kind === 'mapping' ? fieldOf(tree, key) : tree;
  if (image?.kind !== 'scalar') return;
  const text = stripBlanks(image.text).replace(/^docker:\/\//, '');
  if (text !== '') collector.addCandidate(image.line, text, why);
}

function valuesOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'mapping' ? tree.entries.map(({ value }) => value) : [];
}
