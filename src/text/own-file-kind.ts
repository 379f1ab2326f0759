/** A kind of file that we write, recognised by its content. */
export interface OwnFileKind {
  /** As in "is not a …". */
  readonly noun: string;
  /**
   * Whether we wrote a file: this, an older or a newer version, also where a run was killed and the file is cut.
   * @param bytes its start, or all its bytes where the start alone does not show it
   * @param isWhole whether these are all its bytes
   */
  readonly matches: (bytes: Buffer, isWhole: boolean) => boolean;
}
