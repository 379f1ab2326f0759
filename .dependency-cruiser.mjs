/** The direction of imports: entries → commands → stages → image, store, registry, skopeo → oci, text, errors. */
const IO = ['^(node:)?(fs|fs/promises|child_process|net|tls|dns|http|https|http2|worker_threads|dgram)$'];
const FOLDERS =
  '(list|registry|skopeo|image|lock|resolve|copy|store|files|cache|bundle|archive|push|github-release|serve|report|cli)';

export default {
  forbidden: [
    {
      name: 'pure-no-io',
      comment: 'The vocabulary, the list parsers and the planner are pure: no I/O, not even through others.',
      severity: 'error',
      from: {
        path: '^src/(oci/|list/|copy/plan|copy/division|cache/(keys|packing|catalogue)|github-release/plan|push/(?:plan|target|decide)\\.ts|options/)',
        pathNot: '^src/list/(index|read-lists|list-files|local-sources)\\.ts$',
      },
      to: { reachable: true, path: [...IO, 'node_modules/(execa|@actions)/'] },
    },
    {
      name: 'stage-inside',
      comment: 'A stage uses another folder through its index.ts alone.',
      severity: 'error',
      from: { path: `^src/${FOLDERS}/` },
      to: { path: `^src/${FOLDERS}/`, pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'vocabulary-at-the-bottom',
      severity: 'error',
      from: { path: '^src/oci/' },
      to: { path: '^src/', pathNot: ['^src/(oci/|errors\\.ts$)'] },
    },
    {
      name: 'ground-floor',
      comment:
        'files, store, registry, skopeo, image and lock know nothing of the stages above them; an image has what its lock says.',
      severity: 'error',
      from: { path: '^src/(files|store|registry|skopeo|image|lock)/' },
      to: {
        path: '^src/(list|resolve|copy|bundle|archive|push|github-release|serve|report|cli|commands|view)',
      },
    },
    {
      name: 'lock-below-images',
      severity: 'error',
      from: { path: '^src/(files|store|registry|skopeo)/' },
      to: { path: '^src/(lock|image)/' },
    },
    {
      name: 'stages-know-no-entry',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|action|api)(/|\\.ts$)' },
      to: { path: '^src/(cli|action|api)(/|\\.ts$)' },
    },
    {
      name: 'server-shares-nothing-with-the-writer',
      comment: 'A bundle that only our own server could serve must fail in the tests.',
      severity: 'error',
      from: { path: '^src/serve/' },
      to: { path: '^src/(bundle|lock|store|copy)/' },
    },
    {
      name: 'cache-of-actions-for-the-action',
      comment: 'The command and the API do not carry the libraries of GitHub Actions.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(action/|action\\.ts$|cache/actions)' },
      to: { path: '^src/cache/actions' },
    },
    {
      name: 'only-process-spawns',
      comment:
        'An argument list, an environment of its own, a deadline and a signal: each child process has all four.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/process\\.ts$' },
      to: { path: ['^(node:)?child_process$', 'node_modules/execa/'] },
    },
    {
      name: 'only-run-command-spawns-by-actions',
      comment:
        '@actions/exec spawns by itself. One file takes it, for package managers, and gives each child process the same.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/action/run-command\\.ts$' },
      to: { path: 'node_modules/@actions/exec/' },
    },
    {
      name: 'only-action-knows-actions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(action/|action\\.ts$|cache/actions)' },
      to: { path: 'node_modules/@actions/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$', '^src/(cli|api|action)\\.ts$'] },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
