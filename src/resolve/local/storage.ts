import { OciSaveError } from '../../errors.ts';
import type { StorageSource } from '../../list/index.ts';
import { hexOf } from '../../oci/digest.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ProcessResult } from '../../process.ts';
import { isDaemonElsewhere, skopeoFailure, type SkopeoTools } from '../../skopeo/index.ts';
import { hint, option } from '../../text/hint.ts';
import type { Convertible } from './convert.ts';

/** How messages call the places that images are taken from. */
export const PLACE_NAMES = {
  store: 'the store',
  remote: 'its registry',
  'docker-daemon': 'Docker’s daemon',
  'containers-storage': 'containers-storage',
} as const;

/** An image in the storage of Docker's daemon, or in that of Podman, Buildah and CRI-O. */
export function storedImage({ transport, image }: StorageSource): Convertible {
  const named =
    typeof image !== 'string'
      ? formatReference(image)
      : transport === 'docker-daemon'
        ? image
        : `@${hexOf(image)}`;
  return {
    from: PLACE_NAMES[transport],
    origin: { repository: `${transport}:${repositoryOf(image)}`, isPrivate: true },
    prepare: async () => ({ source: `${transport}:${named}`, storage: transport }),
    failure: (ref, result) => storageFailure(ref, transport, result),
    whenIndex:
      'Write the whole index into an archive, and name that: podman manifest push --all NAME oci-archive:FILE:NAME. Or name one of its images.',
  };
}

/** The same for every tag and build of an image, so that a layer of many builds has one mark. */
function repositoryOf(image: StorageSource['image']): string {
  return typeof image === 'string' ? image : `${image.domain}/${image.path}`;
}

const COMPLETE =
  'Names are complete there: docker.io/library/NAME:TAG, and localhost/NAME:TAG for what Podman built. docker images or podman images lists them.';

/**
 * Offline no network is asked, and DOCKER_HOST may lead through one.
 * @throws OciSaveError `local`
 */
export function refuseElsewhere(
  transport: string,
  { environment }: Pick<SkopeoTools, 'environment'>,
  offline: boolean,
): void {
  if (!offline || transport !== 'docker-daemon' || !isDaemonElsewhere(environment)) return;
  throw new OciSaveError({
    code: 'local',
    message: 'DOCKER_HOST leads to another machine, which is not asked offline',
    hint: hint`Unset DOCKER_HOST, or leave out ${option('offline')}.`,
  });
}

/** What skopeo says of storages, as sentences, and what to do. */
const FAULTS: readonly (readonly [
  pattern: RegExp,
  code: 'not-found' | 'machine',
  message: string,
  hint: string,
])[] = [
  [
    /no such image|reference does not exist|does not resolve to an image ID|identifier is not an image|reference does not resolve/i,
    'not-found',
    'it is not there',
    COMPLETE,
  ],
  [
    /cannot connect to the docker daemon|dial unix|connection refused|permission denied.*docker\.sock/i,
    'machine',
    'Docker’s daemon cannot be reached',
    'Start it, or set DOCKER_HOST; its socket must be readable for you.',
  ],
];

/** The error for an image that skopeo cannot read out of a storage. No registry is to blame. */
function storageFailure(
  ref: string,
  transport: StorageSource['transport'],
  result: ProcessResult,
): OciSaveError {
  const failure = skopeoFailure(ref, result);
  const [, code, fault, hint] = FAULTS.find(([pattern]) => pattern.test(failure.message)) ?? [];
  if (code === undefined || fault === undefined) {
    if (failure.code !== 'network') return failure;
    return new OciSaveError({ code: 'local', message: failure.message, cause: failure.cause });
  }
  const message = `${ref}: ${fault}`;
  // Without a daemon no image of it can be had; the others can.
  const own = code === 'machine' || transport === 'docker-daemon' ? code : 'not-found';
  const advice = (hint === COMPLETE && builtName(ref, transport)) || hint;
  return new OciSaveError({
    code: own === 'machine' ? 'local' : own,
    message,
    hint: advice,
    cause: failure.cause,
  });
}

/** A name without a registry is Docker Hub's, and Podman gives what it builds another one. */
function builtName(ref: string, transport: StorageSource['transport']): string | undefined {
  const name = /^containers-storage:docker\.io\/library\/(.+)$/.exec(ref)?.[1];
  if (name === undefined || transport !== 'containers-storage') return undefined;
  return `What Podman built as ${name} is there as localhost/${name}: write containers-storage:localhost/${name}. podman images lists the names.`;
}
