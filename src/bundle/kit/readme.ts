import type { Lock } from '../../lock/index.ts';

/** `README.txt`: what a bundle is and what to type, for somebody who has nothing but the unpacked folder and a shell. */
export function readme({ images }: Lock): string {
  return `This folder holds ${images.length} container images for a site without internet.\n`;
}
