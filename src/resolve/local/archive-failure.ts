import { OciSaveError } from '../../errors.ts';
import type { ProcessResult } from '../../process.ts';
import { skopeoFailure } from '../../skopeo/index.ts';

const DOCKER_SAVE = 'It must be a tar as `docker save` writes it, with manifest.json at its top.';

export const SEVERAL = 'it holds several images';

/** What is wrong, and what to do. */
export type ArchiveFault = readonly [message: string, hint: string];

export const NO_MANIFEST: ArchiveFault = [
  'it has no manifest.json, so it is no docker archive',
  `${DOCKER_SAVE} An archive with an OCI layout is oci-archive:path.`,
];

export const NO_TAR: ArchiveFault = [
  'it is cut off, or no tar, or compressed so that this skopeo cannot read it',
  'Uncompress it, or save the image again.',
];

/** What skopeo says of archives (containers/image, docker/internal/tarfile), as sentences, and what to do. */
const FAULTS: readonly (readonly [pattern: RegExp, ...ArchiveFault])[] = [
  [/manifest\.json: (?:file does not exist|.*not found)/i, ...NO_MANIFEST],
  [/decoding tar manifest\.json/i, 'its manifest.json is not JSON', DOCKER_SAVE],
  [
    /expected 1 item, got 0\b/,
    'it holds no image',
    'Save the image into it again, and look whether that succeeds.',
  ],
  [/expected 1 item, got \d/, SEVERAL, 'Name one of them: docker-archive:path:name:tag.'],
  [/layer tarfiles are missing/i, 'it lacks layers that its manifest.json names', DOCKER_SAVE],
  [
    /digest did not match|mismatch/i,
    'a layer in it is damaged, or a hard link to another file in it',
    'Save the image again, or pack its folder without hard links.',
  ],
  [/unexpected EOF|invalid tar header|gzip|zstd|xz:/i, ...NO_TAR],
];

/** The error for a docker archive that skopeo cannot read. No network is to blame: it fails again if it is run again. */
export function archiveFailure(ref: string, result: ProcessResult): OciSaveError {
  const failure = skopeoFailure(ref, result);
  if (failure.code !== 'network' && failure.code !== 'unsupported' && failure.code !== 'digest')
    return failure;
  const [, fault, hint] = FAULTS.find(([pattern]) => pattern.test(failure.message)) ?? [];
  const message = fault === undefined ? failure.message : `${ref}: ${fault}`;
  return new OciSaveError({ code: 'unsupported', message, hint: hint ?? DOCKER_SAVE, cause: failure.cause });
}
