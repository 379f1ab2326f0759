/** A kind of file that we write, recognised by its content. */
export interface OwnFileKind {
  /** As in "is not a …". */
  readonly noun: string;
  /**
   * Whether we wrote a file: now, in an older or newer version, or up to where a run was killed.
   *
   * @param bytes its start, or all of it where the start alone does not tell
   * @param isWhole whether these are all its bytes
   */
  readonly matches: (bytes: Buffer, isWhole: boolean) => boolean;
}
