import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { closable, type Closable } from '../closable.ts';
import { outputOf } from '../program.ts';
import { runtimeFolder } from '../temp.ts';
import { asRoot } from '../tools.ts';

export interface PodmanImage {
  readonly name: string;
  readonly digest: string;
  readonly id: string;
}

export interface Podman extends Closable {
  /** The storage, for `containers-storage:[vfs@ROOT+RUN]name`. */
  readonly root: string;
  readonly runRoot: string;
  /** For children that call podman themselves: private home and configuration. */
  readonly env: Readonly<Record<string, string>>;
  /** The options before the command that choose the private storage. */
  readonly options: readonly string[];
  podman(...args: readonly string[]): Promise<string>;
  images(): Promise<PodmanImage[]>;
  load(archive: string): Promise<string>;
  pull(reference: string, ...flags: readonly string[]): Promise<string>;
  run(reference: string, ...command: readonly string[]): Promise<string>;
}

/** A private podman: own storage (vfs), own home, own policy and registries files. It has no daemon. */
export async function startPodman(): Promise<Podman> {
  const folder = await runtimeFolder('pod');
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('home/.config/containers/registries.d'), { recursive: true });
  await mkdir(at('tmp'));
  const policy = { default: [{ type: 'insecureAcceptAnything' }] };
  await writeFile(at('home/.config/containers/policy.json'), JSON.stringify(policy));
  const lookaside = `default-docker:\n  sigstore: file://${at('sigstore')}\n`;
  await writeFile(at('home/.config/containers/registries.d/default.yaml'), lookaside);
  await writeFile(at('registries.conf'), 'short-name-mode = "disabled"\n');
  await writeFile(
    at('containers.conf'),
    '[engine]\nevents_logger = "none"\nruntime = "runc"\nlock_type = "file"\n',
  );
  const env = {
    HOME: at('home'),
    XDG_CONFIG_HOME: at('home/.config'),
    TMPDIR: at('tmp'),
    CONTAINERS_CONF: at('containers.conf'),
    CONTAINERS_REGISTRIES_CONF: at('registries.conf'),
  };
  const [root, runRoot] = [at('root'), at('run')];
  const options = [
    '--root',
    root,
    '--runroot',
    runRoot,
    '--storage-driver',
    'vfs',
    '--tmpdir',
    at('libpod'),
    '--cgroup-manager',
    'cgroupfs',
  ];
  const podman = (...args: readonly string[]): Promise<string> =>
    outputOf(...asRoot('podman', [...options, ...args]), { env, cwd: folder.path });
  return closable(
    {
      root,
      runRoot,
      env,
      options,
      podman,
      images: async () =>
        imagesSchema.parse(JSON.parse(await podman('images', '--format', 'json'))).flatMap(named),
      load: (archive: string) => podman('load', '--quiet', '--input', archive),
      pull: (reference: string, ...flags: readonly string[]) =>
        podman('pull', '--quiet', '--tls-verify=false', ...flags, reference),
      run: (reference: string, ...command: readonly string[]) => podman(...RUN, reference, ...command),
    },
    folder.close,
  );
}

/** runc, since crun refuses machines with both kinds of cgroups; limits that an unprivileged root may set. */
const RUN = ['run', '--rm', '--pull=never', '--network=none'].concat([
  '--ulimit=nofile=1024:1024',
  '--ulimit=nproc=1024:1024',
]);

const imagesSchema = z.array(
  z.object({ Id: z.string(), Digest: z.string(), Names: z.array(z.string()).nullish() }),
);

/** One row a name, as people see it; an image without a name has one too, with an empty name. */
function named({ Id, Digest, Names }: z.infer<typeof imagesSchema>[number]): PodmanImage[] {
  return (Names?.length ? Names : ['']).map((name) => ({ name, digest: Digest, id: `sha256:${Id}` }));
}
