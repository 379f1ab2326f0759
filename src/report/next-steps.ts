import path from 'node:path';
import { plainText, shellWord } from '../text/plain-text.ts';
import type { RunReport } from './run-report.ts';

/** Commands that work with what a run has made. */
export interface NextSteps {
  /** At the site, where the archive lies in the working directory; none without one, or where no importer takes it. */
  readonly load: readonly string[];
  /** Here, by the command. */
  readonly serve: string | undefined;
}

/** What can be done with the result. Pure: which views were written decides it. */
export function nextSteps({ archive, bundle, options, images }: RunReport): NextSteps {
  const views = Array.isArray(options['layout']) ? options['layout'].map(String) : [];
  const has = (view: string): boolean => views.length === 0 || views.includes(view);
  return {
    load: archive === undefined ? [] : loading(archive, has('oci') && images.some(isLoadable)),
    serve:
      bundle !== undefined && has('zot') ? `oci-save serve ${shellWord(plainText(bundle.path))}` : undefined,
  };
}

/** Importers take no artifacts. */
function isLoadable({ platforms }: RunReport['images'][number]): boolean {
  return platforms.length > 0;
}

function loading({ path: file, parts }: NonNullable<RunReport['archive']>, loadable: boolean): string[] {
  const name = plainText(path.basename(file));
  const folder = name.replace(/\.tar$/, '');
  const join = parts === undefined ? [] : [`sh ${shellWord(`${folder}.join.sh`)}`];
  const tar = shellWord(name);
  if (loadable) return [...join, `podman load -i ${tar}`, `ctr -n k8s.io images import ${tar}`];
  return [...join, `mkdir -p ${shellWord(folder)} && tar -xf ${tar} -C ${shellWord(folder)}`];
}
