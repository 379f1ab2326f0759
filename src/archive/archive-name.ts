/** How the files of one archive are called: `N.tar`, its parts `N.tar.001`…, and what stands beside them. */
export interface ArchiveName {
  /** `N`, without a folder. */
  readonly base: string;
  /** `tar`. */
  readonly suffix: string;
}

/** Three digits keep the parts in order in every shell and every locale. */
export const MAX_PARTS = 999;

/** `N.tar`: the archive, whether it stands as one file or has to be joined. */
export function wholeName({ base, suffix }: ArchiveName): string {
  return `${base}.${suffix}`;
}

/** `N.tar.001`, from 1. */
export function partName(name: ArchiveName, number: number): string {
  return `${wholeName(name)}.${String(number).padStart(3, '0')}`;
}

export const sumsName = ({ base }: ArchiveName): string => `${base}.sha256`;
export const partsListName = ({ base }: ArchiveName): string => `${base}.parts.json`;
export const joinScriptName = ({ base }: ArchiveName): string => `${base}.join.sh`;

/** Whether a name is the archive's, or that of one of its parts: no other file is ever removed. */
export function isPieceName(name: ArchiveName, candidate: string): boolean {
  const whole = wholeName(name);
  return (
    candidate === whole ||
    (candidate.startsWith(`${whole}.`) && /^\d{3}$/.test(candidate.slice(whole.length + 1)))
  );
}
