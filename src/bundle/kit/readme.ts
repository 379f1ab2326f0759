import { artifactsIn, digestOfLock, isForPlatform, type Lock, placeOf } from '../../lock/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import type { Repository } from '../layout-files.ts';

/** Beyond that, the page says where all of them stand. */
const MAX_NAMES = 200;
/** Where the examples find a registry: what `kit/serve.sh` listens at. */
const ADDRESS = '127.0.0.1:5000';

/**
 * `README.txt`: what a bundle is and what to type, for somebody who has nothing but the unpacked folder and a shell. It
 * follows from the lock alone: no date, no name of an archive.
 */
export function readme(lock: Lock, repositories: readonly Pick<Repository, 'blobs'>[]): string {
  const pulled = pulledNames(lock);
  const [first = `${ADDRESS}/NAME:TAG`] = pulled;
  return `CONTAINER IMAGES FOR A PLACE WITHOUT INTERNET

This folder holds ${contentWords(lock)}.
Nothing in it needs the internet. What you need is a shell, and one of zot,
docker-registry, skopeo, containerd (ctr, k3s, RKE2), Podman or Docker.

  Platforms   ${platformsOf(lock).join(', ') || 'none: no image has one'}
  Size        ${sizeWords(lock, repositories)}
  Made from   the images in oci-save.lock.json, whose sha256 is
              ${digestOfLock(lock).slice('sha256:'.length)}
  Made by     oci-save (a GitHub Action and a command); it is not needed here

Run the commands below in this folder, where this file is. Each tells with
--help what else it can do. report.html has the same for a web browser.


1. CHECK WHAT ARRIVED

     sh kit/verify.sh

   reads every byte and compares it with what was saved. Do it after each copy.
   It names what is damaged, and which images need it. It prints the sha256 of
   SHA256SUMS: whoever gave you this folder can tell you what it has to be.


2. SERVE THE IMAGES FROM THIS FOLDER (needs zot)

     sh kit/serve.sh

   starts a registry at ${ADDRESS}, for pulls from this machine. For others,
   with users and with TLS:

     sh kit/serve.sh --listen 0.0.0.0:5000
     sh kit/serve.sh --users htpasswd --cert server.crt --key server.key

   The first image is then
     ${first}


3. LOAD THE IMAGES INTO THIS MACHINE (needs no registry)

     sh kit/load.sh containerd         # also: k3s, rke2, podman, docker
     sh kit/load.sh podman '*nginx*'   # only names that match

   Images of another architecture are not loaded.


4. PUSH THE IMAGES INTO A REGISTRY THAT RUNS HERE (needs skopeo, or curl)

     sh kit/push.sh registry.example:5000
     sh kit/push.sh registry.example:5000/mirror '*nginx*'
     sh kit/push.sh --plain-http ${ADDRESS}   # a registry without TLS

   What the registry has already is not sent again.


5. LET MACHINES PULL BY THE NAMES THAT THEY KNOW

   A cluster that asks for docker.io/library/nginx finds it in your registry
   when its nodes know where to look:

     sh kit/mirrors.sh 10.0.0.5:5000   # for kit/serve.sh there
     sh kit/mirrors.sh --https registry.example:5000

   writes the files for containerd, k3s, RKE2, CRI-O, Podman and Docker into a
   new folder in /tmp, or one that --out FOLDER names, and tells how they come
   to each node and where each belongs there. Those in kit/ are for a registry
   at ${ADDRESS}.


6. UPDATE: A LATER FOLDER OF THIS KIND

   Never unpack one over another: the images of the first would be lost.
   Unpack the new one beside it, and there:

     sh kit/update.sh FOLDER           # adds its images to those in FOLDER

   A name that both have is the one's that is joined later, whichever was
   saved first.

   Or keep one folder for each version, and go back to the one before:

     sh kit/update.sh --swap SITE
     sh kit/update.sh --rollback SITE


NAMES, as they are pulled after step 2

${namesText(pulled)}

FILES

  README.txt            this page
  report.html           the images, their sizes and digests, for a browser
  oci-save.lock.json    the same for programs
  SHA256SUMS, SHA256SUMS.registry
                        what kit/verify.sh compares with
  kit/                  the scripts of the steps above; configurations for zot,
                        docker-registry, systemd and container runtimes;
                        images.tsv and manifests.tsv, which the scripts read
  registry/             what zot serves: a folder for each repository
  blobs/ index.json oci-layout manifest.json
                        the images as an OCI layout, and in Docker's form
`;
}

/** The stored names at a registry that serves the bundle, sorted, each once. */
function pulledNames({ images }: Lock): string[] {
  const names = images.flatMap((image) => image.names.map((stored) => `${ADDRESS}/${placeOf(stored)}`));
  return [...new Set(names)].toSorted();
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => `  ${name}\n`);
  const more = names.length - shown.length;
  const rest = more === 0 ? '' : `  and ${more} more: all of them stand in kit/images.tsv\n`;
  return `${shown.join('')}${rest}`;
}

function contentWords({ images }: Lock): string {
  const artifacts = artifactsIn({ images });
  const referrers = new Set(images.flatMap((image) => image.referrers.map(({ digest }) => digest))).size;
  return [
    formatCount(images.length - artifacts, 'container image'),
    ...(artifacts === 0 ? [] : [formatCount(artifacts, 'other artifact')]),
    ...(referrers === 0 ? [] : [`${referrers} of their signatures and attestations`]),
  ].join(', ');
}

function platformsOf({ images }: Lock): string[] {
  const platforms = images.flatMap(({ leaves }) =>
    leaves.filter(isForPlatform).map(({ platform }) => platform),
  );
  return [...new Set(platforms)].toSorted();
}

function sizeWords({ blobs }: Lock, repositories: readonly Pick<Repository, 'blobs'>[]): string {
  const linked = Object.values(blobs).reduce((sum, size) => sum + size, 0);
  let copied = linked;
  for (const { blobs: own } of repositories) for (const digest of own) copied += blobs[digest] ?? 0;
  return `${formatBytes(linked)}; ${formatBytes(copied)} where a disk knows no hard links
              (FAT, exFAT, some network shares) or they were copied one by one`;
}
