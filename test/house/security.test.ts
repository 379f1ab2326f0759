import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** The promises of SECURITY.md, and of its table of copiers, with tests that show them: a file, and words of its titles. */
const SHOWN: Record<string, [file: string, ...titles: string[]][]> = {
  'Digests.': [
    ['e2e/fidelity.e2e.test.ts', 'has the digest that the registry served', 'converts %s by our own mapping'],
    ['e2e/push.e2e.test.ts', 'keeps every digest'],
  ],
  'Every blob is hashed.': [
    [
      'e2e/damaged-store.e2e.test.ts',
      'found A3: enters no folder',
      'enters no release',
      'is left as it is, with',
    ],
    ['store/store.test.ts', 'trusts no stamp for blobs that leave it'],
    ['cache/packing.test.ts', 'is not trusted: content is keyed by its own hash'],
    ['e2e/copier-rules.e2e.test.ts', 'the layer that it brings is hashed'],
  ],
  'A false header is not believed.': [
    ['registry/manifests.test.ts', 'warns of a wrong digest header for a tag'],
    ['copy/way-faults.itg.test.ts', 'is an error for a pin'],
  ],
  'One image.': [['e2e/hostile-content.e2e.test.ts', 'fails alone in the action']],
  'One content.': [
    [
      'oci/go-types.test.ts',
      'found A10: what Go refuses fails its image',
      'with any known key in another case',
    ],
    ['e2e/odd-content.e2e.test.ts', 'is imported by ctr', 'is loaded by podman'],
  ],
  'Nothing half.': [
    ['e2e/crash.e2e.test.ts', 'at any point leaves the old bundle or the new one'],
    ['bundle/output/publish-results.test.ts', 'appear together, and nothing else is left'],
  ],
  'No half tag.': [['e2e/push-crash.e2e.test.ts', 'at any point leaves every tag whole']],
  'No half release.': [
    [
      'e2e/release.e2e.test.ts',
      'is a draft until all files are there and read back',
      'and is never published',
    ],
    ['e2e/release-tag.e2e.test.ts', 'is published under its tag, and the next run finds it there'],
  ],
  'Bounds.': [
    ['list/lists.test.ts', 'stops reading standard input after 16 MiB'],
    ['registry/manifests.test.ts', 'stops reading a manifest without end'],
    ['registry/blobs.test.ts', 'refuses a blob that calls itself longer'],
    ['http/response/body.test.ts', 'is given up at a least rate', 'is given up at a deadline'],
    [
      'copy/landing.test.ts',
      'where more comes than',
      'where nothing comes',
      'where a byte comes now and then',
    ],
    ['cache/read-archive.test.ts', 'is not read further than required'],
  ],
  'Regular files.': [
    ['house/reads.test.ts', 'found B6: a file'],
    ['e2e/pipes.e2e.test.ts', 'found B6: a pipe that nobody writes to is named and not waited for'],
  ],
  'Linear expressions.': [
    ['house/expressions.test.ts', 'found B5: in a time that grows with the text alone'],
    ['text/text-filters.test.ts', 'found B5: a mebibyte'],
  ],
  'Names.': [
    ['registry/request-path.test.ts', 'is sent exactly as it was put together, or refused'],
    ['e2e/hostile-lock.e2e.test.ts', 'cannot be pushed to a repository outside the prefix'],
  ],
  'Locks.': [
    ['lock/parse-lock.test.ts', 'is taken, or refused in our own printable words'],
    [
      'e2e/hostile-lock.e2e.test.ts',
      'is not listed as',
      'is not pushed, and no request is made',
      'is not released',
    ],
    ['commands/save/lock-as-list.test.ts', 'fails an image whose digest is gone', 'does not refer to it'],
  ],
  'Unpacking.': [
    [
      'commands/unpack.test.ts',
      'writes nothing for an archive with %s',
      'refuses what the lock of an archive does not account for',
    ],
    ['commands/verify/verify.test.ts', 'by which other programs write other files than were hashed'],
  ],
  'Tags by a rule.': [
    ['commands/save/from-lists.test.ts', 'is refused without consent'],
    ['list/tags/expand-tags.test.ts', 'are errors where they match more than a list has'],
  ],
  'Lists at an address': [
    [
      'commands/save/from-lists.test.ts',
      'is fetched by the certificates of the run, if its bytes have the hash',
      'that is larger than any list is not held',
    ],
  ],
  'Lists in a workflow.': [
    [
      'action/paths.e2e.test.ts',
      'found B3: an image list in the workspace',
      'found B3: a source that a list names',
      'found B3: a bundle that is a list',
    ],
  ],
  'Quotes.': [
    ['list/secrets.test.ts', 'shows nothing of %s', 'is reported without itself among good lines'],
    ['lock/parse-lock.test.ts', 'has no words of the JSON parser'],
  ],
  'Terminals.': [['view/hostile-texts.test.ts', 'no text of a stranger moves a terminal or ends a line']],
  'No shell.': [
    ['process/run.test.ts', 'gets its arguments as they are: no shell reads them'],
    ['house/direction.test.ts', "'only-process-spawns'"],
  ],
  'The kit.': [
    [
      'bundle/kit/push.itg.test.ts',
      'takes no table that names what is none',
      'takes no table whose names are others than those that were saved',
      'sends a login to no other host than the registry',
      'logs in without showing the password',
    ],
    ['bundle/kit/load.itg.test.ts', 'takes nothing else than names and digests out of the tables'],
    ['bundle/kit/verify.itg.test.ts', 'follows no link and no name that leads out of the folder'],
    ['bundle/kit/serve.itg.test.ts', 'elsewhere to which a link in registry/ leads'],
    ['bundle/kit/update-refusals.itg.test.ts', 'refuses with exit code 2, and changes nothing'],
    [
      'commands/verify/kit.test.ts',
      'finds SHA256SUMS.registry damaged where it has other digests than the lock',
    ],
  ],
  'Parts are joined': [
    [
      'archive/parts.test.ts',
      'runs no command that a name contains',
      'takes the place of no other file',
      'has the parts in their order, with sizes and sums, in ASCII alone',
    ],
  ],
  'Storages of the machine.': [
    [
      'action/paths.e2e.test.ts',
      'is refused where it is in the storage %s, which the workflow does not name',
    ],
    ['resolve/places.test.ts', 'found B9: what an image of a storage became'],
    ['resolve/daemon.itg.test.ts', 'is given up, and skopeo with it'],
  ],
  'Offline.': [
    [
      'e2e/no-network.e2e.test.ts',
      'images of registries that the store has, by tag and by digest; offline alone lets them come',
    ],
    ['resolve/daemon.itg.test.ts', 'S8: offline asks no Docker daemon through a network'],
  ],
  'A served bundle.': [
    [
      'commands/serve/serve.itg.test.ts',
      'refuses a bundle with a link that leads out of it',
      'never gives the whole of a blob that is damaged in an archive, nor a part of it',
      'is the one that is named, that of ZOT_BIN, of PATH',
    ],
    ['serve/damage.test.ts', 'found B10: is not served where index.json gives it the type'],
    ['serve/hostile.test.ts', 'found B10: get nothing that a browser would take for a page'],
  ],
  Credentials: [
    ['e2e/secrets.e2e.test.ts', 'from %s are used, and seen nowhere', 'is quoted without the secret'],
    ['commands/save/credentials.itg.test.ts', 'that the registry repeats'],
  ],
  'Given logins.': [
    ['cli/credentials.test.ts', 'that is a login itself is refused, and not shown'],
    ['action/credentials.test.ts', 'is not in the environment of programs that the step starts'],
  ],
  'Shared store.': [
    [
      'commands/save/shared-store.test.ts',
      'is not given to a job without a login',
      'after one HEAD with the credentials',
    ],
  ],
  'Cache entries.': [
    ['cache/read-archive.test.ts', 'yields exactly the files of its folder'],
    ['cache/trouble.e2e.test.ts', 'paths elsewhere and links are refused'],
  ],
  'Users in lists.': [
    ['commands/save/from-lists.test.ts', 'whose passwords are in nothing that a run writes or says'],
    ['list/logins.test.ts', 'push nothing: %j', 'are for %s/%s: %s'],
  ],
  'No file of credentials.': [
    ['e2e/secrets.e2e.test.ts', 'leaves no file with a secret'],
    ['skopeo/auth-file.test.ts', 'is readable by its user alone where a descriptor cannot be opened again'],
  ],
  'Masks.': [['action/masks.test.ts', 'found J5: hide nothing of less than four characters', 'line by line']],
  'Token.': [
    ['github-release/service/target.test.ts', 'has the token that was given, else GH_TOKEN'],
    [
      'github-release/service/service.test.ts',
      'goes with its token to no address in plain HTTP',
      'repeat the token',
    ],
    ['e2e/release.e2e.test.ts', 'the token is shown nowhere'],
  ],
  'Proxies.': [
    ['http/proxies.test.ts', 'NO_PROXY'],
    ['registry/proxy.test.ts', 'that cannot be used is refused before any request, without its password'],
  ],
  'Certificates.': [
    ['copy/way.itg.test.ts', 'an authority of one’s own is known to both copiers where it is named'],
    ['registry/certificates.test.ts', 'gets the one in the folder of its name, and no other registry does'],
  ],
  'Mirrors.': [
    [
      'copy/mirrors.itg.test.ts',
      'has credentials of its own: none go to another place',
      'counts for nothing',
      'is no secret’s key',
    ],
  ],
  'Referrers.': [
    [
      'commands/save/referrers.itg.test.ts',
      'before one of them is read',
      'that are listed and gone, or belong to another image',
      'leave what others have put there',
    ],
  ],
  'Rights.': [
    ['registry/uploads.test.ts', 'are asked for what is to be done, reading and writing apart'],
    ['api/with-auth.itg.test.ts', 'without trying another user’s'],
    ['registry/auth/authorize.test.ts', 'is never shared by two users of one host'],
  ],
  'Public caches.': [['cache/cache.e2e.test.ts', 'where `cache: actions` asks for it']],
  'Store.': [
    ['store/own-folder.test.ts', 'is made for its user alone (0700)'],
    ['e2e/store-owner.e2e.test.ts', 'of another user is refused by name', 'is accepted by root'],
    ['store/served.test.ts', 'outlive the run'],
  ],
  'Others’ work.': [
    ['e2e/others-work.e2e.test.ts', 'are named and kept: a file at', 'where they appear while it works'],
  ],
  'Places.': [
    ['commands/save/check-places.test.ts', 'found H2: a run is refused'],
    ['e2e/disk.e2e.test.ts', 'at the output is refused before the first request'],
  ],
  'Auth files': [['registry/auth/credential-store.test.ts', 'a file of another user in a runtime folder']],
  'skopeo from an address': [
    ['skopeo/setup.test.ts', 'is not run where its sha256 differs'],
    ['action/tool-cache.e2e.test.ts', 'is not kept where its bytes are others than was said'],
  ],
  'Signals.': [
    ['e2e/signals.e2e.test.ts', 'found B6: a signal ends the command', 'at once where it is the second'],
  ],
};

const text = (await readFile('SECURITY.md', 'utf8')).replaceAll("'", '’');

describe('SECURITY.md', () => {
  it('promises nothing that no test shows', () => {
    const [, promised = ''] = /## Content\n([^]*?)## Which copier/.exec(text) ?? [];
    const names = [...promised.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(names.toSorted()).toEqual(Object.keys(SHOWN).toSorted());
  });

  it.each(Object.entries(SHOWN))('has tests that show its promise: %s', async (_, shown) => {
    const missing: string[] = [];
    for (const [file, ...titles] of shown) {
      const tests = await readFile(path.join('test', file), 'utf8');
      missing.push(...titles.filter((title) => !tests.includes(title)).map((title) => `${file}: ${title}`));
    }
    expect(missing).toEqual([]);
  });
});
