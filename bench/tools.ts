import path from 'node:path';
import { toolPath } from '../test/support/tools.ts';

/** One way to save a list. Its command runs in an empty folder that holds `images.txt`. */
export interface Tool {
  readonly name: string;
  /** The command, and for a warm run the same again over what the first one left. */
  command(host: string): string;
}

const CLI = path.resolve('dist/cli.js');

const ours = (copier: 'skopeo' | 'direct'): Tool => ({
  name: `oci-save, ${copier}`,
  command: (host) =>
    `${process.execPath} ${CLI} save -f images.txt -p all -o bundle --cache-dir store --insecure-registries ${host} --copier ${copier} --quiet`,
});

/** The tools side by side, each as its users call it for speed. */
export const TOOLS: readonly Tool[] = [
  ours('direct'),
  ours('skopeo'),
  {
    name: 'skopeo, xargs -P8',
    command: () =>
      `mkdir -p out blobs && xargs -P8 -I{} sh -c 'n=$(echo {} | tr /: __); ${toolPath('skopeo')} --insecure-policy copy --quiet --all --src-tls-verify=false docker://{} oci:out/$n --dest-shared-blob-dir blobs' < images.txt`,
  },
  {
    name: 'crane pull',
    command: () =>
      `xargs ${toolPath('crane')} pull --insecure --format=oci --annotate-ref < <(cat images.txt; echo out)`,
  },
];
