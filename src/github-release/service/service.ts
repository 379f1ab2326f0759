/** A release, as far as it concerns us. */
export interface Release {
  readonly id: number;
  /** Of a draft whose tag was lost, what the service puts in its place. */
  readonly tag: string;
  readonly title: string;
  readonly draft: boolean;
  /** True where nothing of it can change any more. */
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
  readonly size: number;
  /** `uploaded`; anything else is what a broken upload left. */
  readonly state: string;
  /** `sha256:…`; null where the service does not tell it. */
  readonly digest: string | null;
}

export interface NewAsset {
  readonly name: string;
  readonly size: number;
  /** A fresh stream of the bytes; asked for once an attempt. */
  readonly open: () => AsyncGenerator<Uint8Array>;
}

/**
 * The releases of one repository. Each call is one thing that the service does; those that can be asked again are asked
 * again where a failure goes away by itself.
 * @throws OciSaveError what the service refused, with a hint
 */
export interface ReleaseService {
  /** The published release of a tag. */
  published(tag: string): Promise<Release | undefined>;
  /** What is not found by the tag: its drafts, of which a service may have several, and all releases that lost their tag. */
  unbound(tag: string): Promise<Release[]>;
  /** A release as it is now; undefined where it is gone. */
  reread(release: Release): Promise<Release | undefined>;
  createDraft(tag: string, title: string, body: string): Promise<Release>;
  /** Gives a draft its tag again. It returns what the service made of it. */
  bind(release: Release, tag: string): Promise<Release>;
  /** Publishes a draft under a tag. It returns what the service made of it. */
  publish(release: Release, tag: string, body: string): Promise<Release>;
  removeDraft(release: Release): Promise<void>;
  assets(release: Release): Promise<Asset[]>;
  /** One attempt, which is not repeated: what came of it must be looked at first. */
  upload(release: Release, asset: NewAsset): Promise<Asset>;
  rename(asset: Asset, name: string): Promise<Asset>;
  /** An asset that is gone already counts as removed. */
  remove(asset: Asset): Promise<void>;
  read(asset: Asset): AsyncGenerator<Uint8Array>;
}
