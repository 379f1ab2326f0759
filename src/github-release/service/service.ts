/** The fields of a release that are used here. */
export interface Release {
  readonly id: number;
  /** For a draft that lost its tag, the service's substitute. */
  readonly tag: string;
  readonly title: string;
  readonly draft: boolean;
  /** True where nothing in it can change any more. */
  readonly immutable: boolean;
  /** Its page. */
  readonly url: string;
  readonly body: string;
  readonly uploadUrl: string;
}

/** One file of a release. */
export interface Asset {
  readonly id: number;
  readonly name: string;
  /** Where it is downloaded; undefined where the service does not say it. */
  readonly url?: string | undefined;
  readonly size: number;
  /** `uploaded`; anything else is what a broken upload left. */
  readonly state: string;
  /** `sha256:…`; null where the service does not give it. */
  readonly digest: string | null;
}

export interface NewAsset {
  readonly name: string;
  readonly size: number;
  /** A new stream of the bytes, for each attempt. */
  readonly open: () => AsyncGenerator<Uint8Array>;
}

/**
 * The releases of one repository. Each call is one operation of the service; those that may be repeated are repeated after a
 * temporary failure.
 * @throws OciSaveError what the service refused, with a hint
 */
export interface ReleaseService {
  /**
   * Checks that the token may write releases, as far as that can be known before one is written: the service is asked for the
   * notes of a release, which it keeps nowhere and gives only to those who may write. What else it answers, or that it does
   * not answer, says nothing.
   * @throws OciSaveError `denied`
   */
  checkRight(tag: string): Promise<void>;
  /** The published release of a tag. */
  published(tag: string): Promise<Release | undefined>;
  /**
   * What the list of releases shows of a tag: its drafts (a service may have several), a published one, and all releases
   * that lost their tag. What was just created may be missing.
   */
  listed(tag: string): Promise<Release[]>;
  /** A release as it is now; undefined where it is gone. */
  reread(release: Release): Promise<Release | undefined>;
  createDraft(tag: string, title: string, body: string): Promise<Release>;
  /** Gives a draft its tag again. Returns the release as it is then. */
  bind(release: Release, tag: string): Promise<Release>;
  /** Publishes a draft under a tag. Returns the release as it is then. */
  publish(release: Release, tag: string, body: string): Promise<Release>;
  removeDraft(release: Release): Promise<void>;
  assets(release: Release): Promise<Asset[]>;
  /** One attempt, which is not repeated: its result must be checked first. */
  upload(release: Release, asset: NewAsset): Promise<Asset>;
  rename(asset: Asset, name: string): Promise<Asset>;
  /** An asset that is gone already counts as removed. */
  remove(asset: Asset): Promise<void>;
  read(asset: Asset): AsyncGenerator<Uint8Array>;
}
