import type { ProgramResult } from './program.ts';

/** Throws what a program said where its exit code is another. */
export function expectExit({ exitCode, stderr }: ProgramResult, code: number): void {
  if (exitCode !== code) throw new Error(`exit ${exitCode} instead of ${code}\n${stderr}`);
}
