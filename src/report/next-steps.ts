import path from 'node:path';
import { plainText, shellWord } from '../text/plain-text.ts';
import type { RunReport } from './run-report.ts';

/** Commands that work with what a run has made, as they are pasted into a shell. */
export interface NextSteps {
  /** At the site, where the archive lies in the working directory; none without one. */
  readonly load: readonly string[];
  /** The same here, from any folder. */
  readonly loadHere: readonly string[];
  /** Here, by the command. */
  readonly serve: readonly string[];
}

/** What can be done with the result. Pure: which views were written decides it. */
export function nextSteps({ archive, bundle, options, images }: RunReport): NextSteps {
  const views = Array.isArray(options['layout']) ? options['layout'].map(String) : [];
  const has = (view: string): boolean => views.length === 0 || views.includes(view);
  const loadable = has('oci') && images.some(isLoadable);
  const load = (file: string): string[] =>
    archive === undefined ? [] : usable(loading(file, archive.parts !== undefined, loadable));
  return {
    load: load(path.basename(archive?.path ?? '')),
    loadHere: load(archive?.path ?? ''),
    serve: bundle === undefined || !has('zot') ? [] : usable([`oci-save serve ${fileWord(bundle.path)}`]),
  };
}

/** Importers take no artifacts. */
function isLoadable({ platforms }: RunReport['images'][number]): boolean {
  return platforms.length > 0;
}

function loading(file: string, inParts: boolean, loadable: boolean): string[] {
  const folder = file.replace(/\.tar$/, '');
  const join = inParts ? [`sh ${fileWord(`${folder}.join.sh`)}`] : [];
  const tar = fileWord(file);
  if (loadable) return [...join, `podman load -i ${tar}`, `ctr -n k8s.io images import --no-unpack ${tar}`];
  return [...join, `mkdir -p ${fileWord(folder)} && tar -xf ${tar} -C ${fileWord(folder)}`];
}

/** A file's name as programs take it for one: no option, and (by tar) no host. */
function fileWord(file: string): string {
  return shellWord(/^-|^[^/]*:/.test(file) ? `./${file}` : file);
}

/** None where a name cannot be shown as it is: what people would paste would name another file. */
function usable(commands: readonly string[]): string[] {
  return commands.every((command) => plainText(command) === command) ? [...commands] : [];
}
