/** How one request goes wrong. */
export type ReleaseFault =
  /** Answered so, and nothing was done. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** An upload of which an empty asset stays, after `after` bytes; with 502, or without a word. */
  | { readonly kind: 'broken'; readonly after?: number; readonly answer: 502 | 'none' }
  /** Waits until then, and goes well. */
  | { readonly kind: 'held'; readonly until: () => Promise<unknown> }
  /** Nothing is done and nothing is said, until the client goes away. */
  | { readonly kind: 'silent' }
  /** Done, but the answer never comes, or is that of a gateway. */
  | { readonly kind: 'lost'; readonly status?: 502 }
  /** An edit of a release that is answered with the release, and changes nothing. */
  | { readonly kind: 'ignored' }
  /** An upload that comes to hold other bytes. */
  | { readonly kind: 'damaged' }
  /** The same, but the answer does not tell: only the release's own list does. */
  | { readonly kind: 'damaged later' };

export interface FaultRule {
  readonly method?: string;
  /** Of the path and query. */
  readonly path?: RegExp;
  /** Of one client alone. */
  readonly token?: string;
  /** How often; once where it is left out. */
  readonly times?: number;
  /** Matching requests that go well before. */
  readonly skip?: number;
  readonly fault: ReleaseFault;
}

export type TagRule = 'ruleset' | 'protection' | 'workflows' | 'used';

export interface ReleaseServiceOptions {
  /** `owner/name`. */
  readonly repository?: string;
  /**
   * Tokens and what they may do; `read` cannot write, as that of a job without `contents: write`, and `scopeless` is a person's
   * of the older kind that has no scope for it: to such a one GitHub answers as if nothing were there.
   */
  readonly tokens?: Readonly<Record<string, 'write' | 'read' | 'scopeless'>>;
  /** In place of 2 GiB. */
  readonly maxFileBytes?: number;
  readonly maxFiles?: number;
  /** The repository's setting: what is published cannot change. */
  readonly immutableReleases?: boolean;
  /** False: as an older GitHub Enterprise Server, which tells no digests. */
  readonly digests?: boolean;
  /** How often a removed asset's name counts as taken still. */
  readonly nameLag?: number;
  /** How often a release that was just published is not found by its tag still. */
  readonly tagLag?: number;
  /** How many lists of releases one that was just created is absent from: softprops/action-gh-release #705, grida #978. */
  readonly listLag?: number;
  /**
   * Who keeps a tag that is not there from being made when a release is published: a rule for tags (release-please-action
   * #1194), the older protection of tags (ncipollo/release-action #332), a commit that changes workflows (cli/cli #9514),
   * or an immutable release that had the tag once (iccDEV #1082).
   */
  readonly tagRule?: TagRule;
  /** Drafts have what stands for a tag from the beginning: `always` whatever an edit names, else until one names the tag. */
  readonly untagged?: 'at first' | 'always';
}

export function faultPicker(
  rules: readonly FaultRule[],
): (method: string, url: string, token: string) => ReleaseFault | undefined {
  const left = rules.map(({ times = 1, skip = 0, ...rule }) => ({ ...rule, times, skip }));
  return (method, url, token) => {
    const rule = left.find(
      (one) =>
        one.times > 0 &&
        (one.method ?? method) === method &&
        (one.token ?? token) === token &&
        (one.path?.test(url) ?? true),
    );
    if (rule === undefined) return undefined;
    if (rule.skip > 0) {
      rule.skip -= 1;
      return undefined;
    }
    rule.times -= 1;
    return rule.fault;
  };
}
