import type { LockedImage } from '../lock/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { Hint } from '../text/hint.ts';
import type { Secret } from '../text/secret.ts';

/** Where an entry is: a list's path (`images` for references given inline) and its line, from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** A source on this machine. */
interface LocalPlace {
  /** As written, relative to the working directory. */
  readonly path: string;
  /** Real folders that must contain each of its files, links followed; anywhere, where they are left out. */
  readonly folders?: readonly string[] | undefined;
}

/** A source that is a file or a folder. */
export type FileSource = LocalPlace &
  (
    | { readonly transport: 'docker-archive'; readonly reference?: Reference | undefined }
    | { readonly transport: 'oci' | 'oci-archive'; readonly name?: string | undefined }
    | { readonly transport: 'dir' }
  );

/** An image in the storage of a program on this machine: of Docker's daemon, or that of Podman, Buildah and CRI-O. */
export interface StorageSource {
  readonly transport: 'docker-daemon' | 'containers-storage';
  /** By which name, or by which image ID. */
  readonly image: Reference | Digest;
}

/** Where a request is copied from. */
export type Source =
  | { readonly transport: 'docker'; readonly reference: Reference }
  | FileSource
  | StorageSource;

/** A bundle whose lock is the list: it has the images, too. */
export interface HeldPlace {
  /** Its folder, its archive, or a part of that. */
  readonly path: string;
  readonly isArchive: boolean;
  /** Real folders that each of its files must lie in, links followed. Where they are left out: anywhere. */
  readonly folders?: readonly string[] | undefined;
}

/** One requested image. */
export interface ImageRequest {
  /** As the user wrote it, without options around it; never contains a secret. */
  readonly written: string;
  readonly origin: Origin;
  readonly source: Source;
  /** The entry's own platforms; absent where the run's choice applies. */
  readonly platforms?: PlatformChoice | undefined;
  /** Names under which it is stored (`source => name`), tag included; empty: under its own. */
  readonly storedAs: readonly Reference[];
  /** True where neither tag nor digest was written, which means `latest`. */
  readonly implicitTag: boolean;
  /** As the lock in a list has it: this tree, under these names, by its digest. No option of the run changes that. */
  readonly locked?: LockedImage | undefined;
  /** Where an image that a lock has is held, as far as the list says so. */
  readonly held?: HeldPlace | undefined;
}

/** Which tags of a repository are wanted: those that pass every rule. Without a rule that is every tag. */
export interface TagSelection {
  /** Regular expressions in RE2's grammar, of which one must match somewhere in the tag. Empty: any tag. */
  readonly allow: readonly string[];
  /** Regular expressions of which none may match. */
  readonly deny: readonly string[];
  /** Ranges of semantic versions (`>= 12.0 <15.0`), each of which must contain the tag. Empty: any tag. */
  readonly versions: readonly string[];
  /** Only so many, the newest by semantic version. */
  readonly newest?: number | undefined;
}

/** An entry that asks for tags by a rule: it becomes requests once the registry has listed its tags. */
export interface TagRequest {
  /** As the user wrote it. */
  readonly written: string;
  readonly origin: Origin;
  /** Without tag and digest. */
  readonly repository: Reference;
  readonly selection: TagSelection;
  readonly platforms?: PlatformChoice | undefined;
  /** Names without tags: each tag keeps its own. */
  readonly storedAs: readonly Reference[];
}

/** A user that a list names for some of its repositories. */
export interface ListLogin {
  /** A host, or a host with the first parts of repositories' names, in normal form. */
  readonly registry: string;
  readonly username: string;
  readonly password: Secret;
  /** Whether a variable has the password, and not the list itself. */
  readonly isFilled: boolean;
  readonly origin: Origin;
}

/** What is left out of the images of a list. */
export interface IgnoreRule {
  /** A reference, a pattern with `*`, or a regular expression. */
  readonly text: string;
  /** Whether it is a regular expression in RE2's grammar, which must match somewhere in the normalised reference. */
  readonly isRegex?: boolean | undefined;
  readonly origin: Origin;
}

/** An entry that is probably an image; the user decides. */
export interface Candidate {
  /** An entry as a line of a plain list: a reference, perhaps with `--platform=` before it or `=> name` after it. */
  readonly text: string;
  readonly origin: Origin;
  readonly why: string;
}

/** An entry that cannot be read. */
export interface Reject {
  readonly text: string;
  readonly origin: Origin;
  readonly reason: string;
  /** As it is written for the command line. */
  readonly hint?: string | undefined;
  /** The same with the options that it names as data. */
  readonly hintParts?: Hint | undefined;
}

/** Something that was done as requested, and that the user should know. */
export interface Warning {
  /** The entry as it was written, of which the message speaks; absent where that is of more than one. */
  readonly text?: string | undefined;
  readonly message: string;
  readonly origin: Origin;
}

/** The content of a list. `ignored` names what was skipped on purpose, once per file. */
export interface ParsedList {
  readonly format: string;
  readonly requests: readonly ImageRequest[];
  readonly tagRequests: readonly TagRequest[];
  readonly logins: readonly ListLogin[];
  readonly ignoreRules: readonly IgnoreRule[];
  readonly usedVariables: readonly string[];
  readonly candidates: readonly Candidate[];
  readonly rejects: readonly Reject[];
  readonly ignored: readonly string[];
  readonly warnings: readonly Warning[];
}

export interface NamedList extends ParsedList {
  readonly file: string;
}

export function formatOrigin({ file, line }: Origin): string {
  return `${file}:${line}`;
}
