import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { lockFileIn, readLock } from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { formatOrigin, readLists } from '../list/index.ts';
import { formatPlatform } from '../oci/platform.ts';
import { refOf } from '../resolve/index.ts';
import type { Host } from './run.ts';
import { type Listed, renderListed } from './listed.ts';

const FORMS = ['table', 'json', 'plain', 'sealer'] as const;

const EXAMPLES = `
Examples:
  oci-save list images.txt
  oci-save list oci-bundle --as plain
  oci-save list oci-bundle/oci-save.lock.json --as json
`;

/** `oci-save list`: the images of a list, a lock or a bundle. Nothing is resolved, and no registry is contacted. */
export function listCommand(host: Host, done: (exitCode: number) => void): Command {
  return new Command('list')
    .description('show the images of a list, a lock or a bundle; no registry is contacted')
    .argument('<what>', 'an image list, a lock, or a bundle; - for a list on standard input')
    .option('--as <form>', `how: ${FORMS.join(', ')}`, 'table')
    .option('--json', 'the same as --as json')
    .addHelpText('after', EXAMPLES)
    .action(async (what: string, flags: { as: string; json?: boolean }) => {
      const form = FORMS.find((known) => known === (flags.json === true ? 'json' : flags.as));
      if (form === undefined) {
        throw new OciSaveError({
          code: 'usage',
          message: `--as: '${flags.as}' is not one of ${FORMS.join(', ')}`,
        });
      }
      host.stdout.write(renderListed(await readContent(what, host), form, host.stdout.columns));
      done(0);
    });
}

/** The images of a list, a lock or a bundle. Throws `usage` or `list` for anything else. */
async function readContent(what: string, host: Host): Promise<Listed[]> {
  if (what === '-') return readList(what, host);
  const place = await lockFileOf(what);
  if (place === undefined) return readList(what, host);
  const lock = await readLock(place);
  if (lock === undefined) throw unreadable(place, 'gone');
  return lock.images.map((image) => ({
    ref: image.ref,
    names: image.names,
    digest: image.digest,
    platforms: image.platforms,
    origin: undefined,
    ...(image.referrers.length === 0 ? {} : { referrers: image.referrers.length }),
  }));
}

async function readList(file: string, { stdin }: Host): Promise<Listed[]> {
  const list = await readLists({
    images: [],
    files: [file],
    stdin,
    format: 'auto',
    defaultRegistry: 'docker.io',
    strictTags: false,
    onCandidate: 'report',
  });
  return list.requests.map(({ source, storedAs, platforms, origin }) => ({
    ref: refOf(source),
    names: storedAs.map((name) => refOf({ transport: 'docker', reference: name })),
    digest: undefined,
    platforms: platforms === undefined ? [] : platforms === 'all' ? ['all'] : platforms.map(formatPlatform),
    origin: formatOrigin(origin),
  }));
}

/** The lock that `what` is or contains; undefined where it is a list. */
async function lockFileOf(what: string): Promise<string | undefined> {
  const stats = await statOrThrow(what);
  if (!stats.isDirectory()) return what.endsWith('.lock.json') ? what : undefined;
  const file = await lockFileIn(what);
  if (file !== undefined) return file;
  throw new OciSaveError({
    code: 'usage',
    message: `${what} is not a bundle: there is no lock in it or next to it`,
    hint: 'Name a bundle, a lock or an image list.',
  });
}

async function statOrThrow(file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (cause) {
    throw unreadable(file, systemCodeOf(cause) ?? 'unknown', cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `${file} cannot be read (${why})`, cause });
}
