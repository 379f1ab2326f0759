/**
 * The direction of imports, floor by floor: front ends → commands → stages → image, store, registry, skopeo → http →
 * oci, text, errors. test/house/direction.test.ts breaks each rule once, and docs/architecture.md draws the floors.
 */
const any = (...names) => `^src/(?:${names.join('|')})(?:/|\\.ts$)`;

const GROUND = ['oci', 'text', 'errors', 'events', 'process', 'version'];
const SERVICES = ['files', 'trust', 'store', 'registry', 'skopeo', 'lock', 'image'];
const STAGES = [
  'list',
  'resolve',
  'copy',
  'bundle',
  'archive',
  'cache',
  'push',
  'github-release',
  'serve',
  'report',
];
const ABOVE_STAGES = ['view', 'runtime', 'commands', 'cli', 'action', 'api'];
const FRONT_ENDS = ['cli', 'action', 'api'];

const IO = ['^(node:)?(fs|fs/promises|child_process|net|tls|dns|http|https|http2|worker_threads|dgram)$'];

/** Folders and files that do no I/O; the test sees that each of these has something to say. */
const PURE = [
  '^src/oci/',
  '^src/text/',
  '^src/list/(?!index|read-)',
  '^src/options/',
  '^src/view/',
  '^src/report/',
  '^src/lock/',
  '^src/copy/plan',
  '^src/copy/division',
  '^src/cache/(?:keys|packing|catalogue)\\.ts$',
  '^src/push/(?:plan|decide|target)\\.ts$',
  '^src/github-release/(?:plan/)?plan\\.ts$',
];

export default {
  forbidden: [
    {
      name: 'pure-no-io',
      comment:
        'The vocabulary, the list parsers, the planners, options, reports and views do no I/O, directly or not.',
      severity: 'error',
      from: { path: PURE },
      to: { reachable: true, path: [...IO, 'node_modules/(execa|@actions)/'] },
    },
    {
      name: 'folder-inside',
      comment:
        'A folder is used through its index.ts alone, rooms included. oci/ and text/ are used by file.',
      severity: 'error',
      from: { path: '^src/([^/.]+)' },
      to: {
        path: '^src/(?!oci/|text/)[^/]+/',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          // The Actions cache apart from cache/, so that the command carries no library of GitHub Actions.
          '^src/cache/actions/index\\.ts$',
        ],
      },
    },
    {
      name: 'ground-floor',
      comment: 'The vocabulary, texts and errors know nothing above them.',
      severity: 'error',
      from: { path: any(...GROUND) },
      to: { path: '^src/', pathNot: any(...GROUND) },
    },
    {
      name: 'vocabulary-at-the-bottom',
      comment:
        'oci/ has the terms of the specifications: it knows texts and errors, and no event, process or version.',
      severity: 'error',
      from: { path: '^src/oci/' },
      to: { path: '^src/', pathNot: any('oci', 'text', 'errors') },
    },
    {
      name: 'http-knows-no-registry',
      comment: 'http/ knows neither registries nor GitHub: only the ground floor is below it.',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: '^src/', pathNot: any('http', ...GROUND) },
    },
    {
      name: 'services-know-no-stage',
      comment:
        'files, store, registry, skopeo and image know nothing of the stages and of what is above them.',
      severity: 'error',
      from: { path: any(...SERVICES) },
      to: { path: any(...STAGES, ...ABOVE_STAGES) },
    },
    {
      name: 'services-apart',
      comment:
        'A registry client without a store, a store without a network, a lock without either: image/ joins them.',
      severity: 'error',
      from: { path: '^src/(files|trust|registry|store|lock)/' },
      to: { path: any('registry', 'store', 'skopeo', 'lock', 'image'), pathNot: '^src/$1/' },
    },
    {
      name: 'skopeo-below-images',
      comment:
        'skopeo/ copies what it is told: it knows the registry’s credentials and the store, and no image.',
      severity: 'error',
      from: { path: '^src/skopeo/' },
      to: { path: any('lock', 'image') },
    },
    {
      name: 'stages-know-no-command',
      comment:
        'A stage takes plain data and returns plain data: it knows no view, run, command or front end.',
      severity: 'error',
      from: { path: any(...STAGES) },
      to: { path: any(...ABOVE_STAGES) },
    },
    {
      name: 'options-know-no-stage',
      comment:
        'Options are plain data, parsed before anything runs: those below take the types of their values from them.',
      severity: 'error',
      from: { path: '^src/options/' },
      to: { path: '^src/', pathNot: any('options', ...GROUND) },
    },
    {
      name: 'view-prints-data',
      comment: 'A view prints a report: it judges nothing, and asks no stage.',
      severity: 'error',
      from: { path: '^src/view/' },
      to: { path: '^src/', pathNot: any('view', 'report', 'lock', ...GROUND) },
    },
    {
      name: 'commands-know-no-front-end',
      severity: 'error',
      from: { path: '^src/', pathNot: any(...FRONT_ENDS) },
      to: { path: any(...FRONT_ENDS) },
    },
    {
      name: 'runtime-below-commands',
      comment: 'What a run holds knows none of the commands that hold it.',
      severity: 'error',
      from: { path: any('runtime', 'options', 'view') },
      to: { path: any('commands') },
    },
    {
      name: 'front-ends-apart',
      comment: 'The action, the command line and the API know nothing of each other.',
      severity: 'error',
      from: { path: '^src/(cli|action|api)(?:/|\\.ts$)' },
      to: { path: any(...FRONT_ENDS), pathNot: '^src/$1(?:/|\\.ts$)' },
    },
    {
      name: 'server-shares-nothing-with-the-writer',
      comment: 'A bundle that only our own server could serve must fail in the tests.',
      severity: 'error',
      from: { path: '^src/serve/' },
      to: { path: any('bundle', 'lock', 'store', 'copy', 'image') },
    },
    {
      name: 'only-http-connects',
      comment:
        'Proxies, addresses that may be reached, bounds and retries: each request has them from http/.',
      severity: 'error',
      from: { path: '^src/', pathNot: [any('http', 'serve'), '^src/runtime/fetch-proxy\\.ts$'] },
      to: { path: '^(node:)?(http|https|http2|tls|dns|dgram)$' },
    },
    {
      name: 'cache-of-actions-for-the-action',
      comment: 'The command and the API do not carry the libraries of GitHub Actions.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(action(?:/|\\.ts$)|cache/actions/)' },
      to: { path: '^src/cache/actions/' },
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
      from: { path: '^src/', pathNot: '^src/action/(?:skopeo/)?run-command\\.ts$' },
      to: { path: 'node_modules/@actions/exec/' },
    },
    {
      name: 'only-action-knows-actions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(action(?:/|\\.ts$)|cache/actions/)' },
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
