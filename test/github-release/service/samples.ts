import type { Asset, Release } from '../../../src/github-release/index.ts';

export const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

/** The bytes of `asset`. */
export const WHOLE = new TextEncoder().encode('the bytes of an asset');
export const asset: Asset = {
  id: 9,
  name: 'a.lock.json',
  size: WHOLE.length,
  state: 'uploaded',
  digest: null,
};

/** A draft. */
export const release: Release = {
  id: 1,
  tag: 'v1',
  title: 'v1',
  draft: true,
  immutable: false,
  url: 'https://x/y',
  body: '',
  uploadUrl: 'https://x/up',
};
