const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/**
 * Whether a text is a repository's name by the grammar of distribution-spec ("Pulling manifests"), which is zot's
 * too (pkg/regexp). It holds no `..`, no empty component and no capital, so it is a safe relative path as well.
 */
export function isRepositoryName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Whether zot's catalogue passes over a folder and all below it. It compares the end of the path, not a whole
 * component: `team/myblobs` is never listed, though it can be pulled (zot pkg/storage/imagestore, GetRepositories).
 */
export function isHiddenFolder(path: string): boolean {
  return path.endsWith('blobs') || path.endsWith('.uploads') || path.endsWith('.sync');
}

/** The order of zot's walk: folder by folder, each one's children sorted, so `a/b` comes before `a-b`. */
export function compareInWalkOrder(left: string, right: string): number {
  const a = left.split('/');
  const b = right.split('/');
  for (const [at, component] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (component !== other) return component < other ? -1 : 1;
  }
  return a.length - b.length;
}
