import { describe, expect, it } from 'vitest';
import { parsed, rejectsOf, requestsOf, warningsOf } from '../../support/parsed.ts';

const D = `sha256:${'a'.repeat(64)}`;
const E = `sha256:${'b'.repeat(64)}`;
const LONG = `sha512:${'c'.repeat(128)}`;
const plain = { format: 'plain' };
const read = (line: string): string[] => requestsOf(line, plain);
const refused = (line: string): string[] => rejectsOf(line, plain);

const SECOND =
  'this entry has 2 words, and the second is neither a digest nor a platform (Write one reference per line; source => name stores an image under another name.)';

describe('L16: a line of a plain list', () => {
  it.each([
    ['a', '1: docker.io/library/a:latest'],
    ['--platform=linux/arm64 a:1', '1: linux/arm64 docker.io/library/a:1'],
    ['--platform linux/arm64   a:1', '1: linux/arm64 docker.io/library/a:1'],
    ['--platform="linux/arm64" a:1', '1: linux/arm64 docker.io/library/a:1'],
    [`--platform 'linux/arm64' a:1`, '1: linux/arm64 docker.io/library/a:1'],
    ['--platform=linux/arm64,amd64 a:1', '1: linux/arm64,linux/amd64 docker.io/library/a:1'],
    ['--platform=all a:1', '1: all docker.io/library/a:1'],
    ['--platform=linux/arm64 --platform=linux/amd64 a:1', '1: linux/amd64 docker.io/library/a:1'],
    ['-q a:1', '1: docker.io/library/a:1'],
    ['--quiet=true --disable-content-trust=false a:1', '1: docker.io/library/a:1'],
    ['docker pull a:1', '1: docker.io/library/a:1'],
    ['sudo  docker  image  pull  a:1', '1: docker.io/library/a:1'],
    ['podman pull -q a:1', '1: docker.io/library/a:1'],
    ['nerdctl image pull --platform=linux/s390x a:1', '1: linux/s390x docker.io/library/a:1'],
    ['[config/images] Pulled quay.io/a/b:1', '1: quay.io/a/b:1'],
    [`a:1 ${D}`, `1: docker.io/library/a:1@${D}`],
    [`a:1@${D} ${D}`, `1: docker.io/library/a:1@${D}`],
    [`a:1 linux/arm64 ${D}`, `1: linux/arm64 docker.io/library/a:1@${D}`],
    [`a:1 ${D}\tlinux/arm64,linux/amd64`, `1: linux/arm64,linux/amd64 docker.io/library/a:1@${D}`],
    [`a:1 ${LONG}`, `1: docker.io/library/a:1@${LONG}`],
    [`a:1@${LONG}`, `1: docker.io/library/a:1@${LONG}`],
    [`a@${LONG}`, `1: docker.io/library/a@${LONG}`],
    [`a ${D}`, `1: docker.io/library/a@${D}`],
    ['a:1 windows/amd64:10.0.17763', '1: windows/amd64:10.0.17763 docker.io/library/a:1'],
    ['a:1 => b', '1: docker.io/library/a:1 => docker.io/library/b:1'],
    ['a => b', '1: docker.io/library/a:latest => docker.io/library/b:latest'],
    [`a@${D} => b`, `1: docker.io/library/a@${D} => docker.io/library/b`],
    ['"a:1" => "x.example/b:2"', '1: docker.io/library/a:1 => x.example/b:2'],
    ['a:1 => docker://x.example/b:2', '1: docker.io/library/a:1 => x.example/b:2'],
    [`a:1 ${D} => b:2`, `1: docker.io/library/a:1@${D} => docker.io/library/b:2`],
    ['--platform=linux/arm64 a:1->b:2', '1: linux/arm64 docker.io/library/a:1 => docker.io/library/b:2'],
    ['a:1 linux/arm64 => b:2', '1: linux/arm64 docker.io/library/a:1 => docker.io/library/b:2'],
    [`quay.io/a/b@${D}=x.example/b:1`, `1: quay.io/a/b@${D} => x.example/b:1`],
    ['quay.io/a/b:1 = x.example/b', '1: quay.io/a/b:1 => x.example/b:1'],
    ['quay.io/a/b:1 , x.example/b', '1: quay.io/a/b:1 => x.example/b:1'],
    ['a:1="b:2"', '1: docker.io/library/a:1 => docker.io/library/b:2'],
    ['a/b=c', '1: docker.io/a/b:latest => docker.io/library/c:latest'],
    ['docker://quay.io/a/b:1', '1: quay.io/a/b:1'],
    ['quay.io/a/oci:1', '1: quay.io/a/oci:1'],
    ['oci://quay.io/a/chart:1', '1: quay.io/a/chart:1'],
    ['docker-archive:x/app.tar', '1: docker-archive:x/app.tar'],
    ['docker-archive:x/app.tar:acme/app', '1: docker-archive:x/app.tar docker.io/acme/app:latest'],
    ['docker-archive:x=y,z.tar', '1: docker-archive:x=y,z.tar'],
    ['oci:a=b', '1: oci:a=b'],
    ['oci:layout:v1 => app', '1: oci:layout v1 => docker.io/library/app:v1'],
    ['oci:layout:some name', ''],
    [
      'docker-archive:x.tar:acme/app:2 => app',
      '1: docker-archive:x.tar docker.io/acme/app:2 => docker.io/library/app:2',
    ],
    ['dir:a/b', '1: dir:a/b'],
    ['oci-archive:x.tar:v1 => app', '1: oci-archive:x.tar v1 => docker.io/library/app:v1'],
    ['docker-daemon:app', '1: docker-daemon:docker.io/library/app:latest'],
    ['docker-daemon:acme/app:1 => app', '1: docker-daemon:docker.io/acme/app:1 => docker.io/library/app:1'],
    [`docker-daemon:${D} => app:1`, `1: docker-daemon: => docker.io/library/app:1`],
    ['containers-storage:localhost/app:1', '1: containers-storage:localhost/app:1'],
    [`containers-storage:@${D.slice(7)} => app:1`, `1: containers-storage: => docker.io/library/app:1`],
    [`containers-storage:@${D} => app:1`, `1: containers-storage: => docker.io/library/app:1`],
    [`containers-storage:app@${D}`, `1: containers-storage:docker.io/library/app@${D}`],
    ['docker-archive:x.tar => app:3', '1: docker-archive:x.tar => docker.io/library/app:3'],
  ])('is read: %s', (line, request) => {
    expect(read(line)).toEqual(request === '' ? [] : [request]);
  });

  const ONE_EACH = 'Write one reference per line.';
  const PAIR = 'Write one reference per line, or source => name.';
  it.each([
    ['--platform=linux/arm64', 'this entry does not name an image'],
    ['docker pull', 'this entry does not name an image'],
    ['sudo docker image pull', 'this entry does not name an image'],
    ['-q', 'this entry does not name an image'],
    ['--platform', 'no platform is named'],
    ['--platform= a:1', 'no platform is named'],
    [
      '--platform=linux/arm64/v8/x a:1',
      `'linux/arm64/v8/x' is not a valid platform (Write os/architecture or os/architecture/variant, for example linux/amd64 or linux/arm/v7.)`,
    ],
    ['--all-tags a:1', `'a:1' names a tag or a digest, and its entry chooses tags by a rule`],
    ['--platfrom=linux/arm64 a:1', `the option '--platfrom' is unknown (Did you mean '--platform'?)`],
    ['--quite a:1', `the option '--quite' is unknown (Did you mean '--quiet'?)`],
    ['-x a:1', `the option '-x' is unknown (The only option in lists is --platform.)`],
    [
      '--password=hunter2 a:1',
      `the option '--password' is unknown (The only option in lists is --platform.)`,
    ],
    ['-phunter2 a:1', 'an option is unknown (The only option in lists is --platform.)'],
    ['--Secret a:1', 'an option is unknown (The only option in lists is --platform.)'],
    ['--quiet=maybe a:1', `the option '--quiet' is unknown (Did you mean '--quiet'?)`],
    [`a:1 ${D} ${E}`, `this entry has 3 words (${ONE_EACH})`],
    ['a:1 linux/arm64 linux/amd64', `this entry has 3 words (${ONE_EACH})`],
    [
      '--platform=linux/arm64 a:1 linux/amd64',
      `this entry has 2 words, and the second is neither a digest nor a platform (Write one reference per line; source => name stores an image under another name.)`,
    ],
    [
      'a:1 b:2',
      'this entry has 2 words, and the second is neither a digest nor a platform (Write one reference per line; source => name stores an image under another name.)',
    ],
    ['a:1 Foo', `this entry has 2 words, and the second is neither a digest nor a platform (${ONE_EACH})`],
    [
      'a:1 arm64',
      'this entry has 2 words, and the second is neither a digest nor a platform (Write one reference per line; source => name stores an image under another name.)',
    ],
    ['a b c', `this entry has 3 words (${ONE_EACH})`],
    ['a:1 sha256:12', `its digest is not a sha256 digest (Write sha256: and 64 lower-case hex digits.)`],
    ['pull a:1', `there is a stray 'pull' before the reference (Write the reference alone.)`],
    ['a:1 --platform=linux/arm64', 'options come before the reference, never after it'],
    ['a:1 \\', `this line ends in '\\' (${ONE_EACH})`],
    [
      'W0101 12:00:00.000000 1 version.go:104] could not fetch',
      'this line looks like a message that a tool printed',
    ],
    ['I0101 a:1', 'this line looks like a message that a tool printed'],
    ['E1231 a:1', 'this line looks like a message that a tool printed'],
    ['[init] Using version', 'this line looks like a message that a tool printed'],
    ['level=warning msg=x', 'this line looks like a message that a tool printed'],
    ['I01010 a:1', SECOND],
    ['aI0101 a:1', SECOND],
    ['a[b a:1', SECOND],
    ['my-level=x a:1', SECOND],
    ['a:1 xsha256:1', SECOND],
    ['a:1 => b => c', `this entry contains more than one '=>' (Write one pair per line.)`],
    ['a:1 -> b -> c', `this entry contains more than one '->' (Write one pair per line.)`],
    ['=> b', `there is nothing before '=>'`],
    ['a:1 =>', `there is nothing after '=>'`],
    ['a:1 -> ""', `there is nothing after '->'`],
    ['a:1=', `this entry ends in '='`],
    ['TOKEN=abc', `there is no reference before '=' (${PAIR})`],
    ['user,password', `there is no reference before ',' (${PAIR})`],
    ['a:1=b=c', `this entry contains more than one '=' or ',' (${PAIR})`],
    ['a:1,b:1,c:1', `this entry contains more than one '=' or ',' (${PAIR})`],
    [
      `a:1 => b@${D}`,
      ' contains a digest, but an image is stored under a name (Write the digest with the source.)',
    ],
    ['a:1 => oci:x', 'an image is stored under a name, not at a path or address (Write name:tag.)'],
    [
      'a:1 => docker-archive:x.tar',
      'an image is stored under a name, not at a path or address (Write name:tag.)',
    ],
    ['a:1 => dir:x', 'an image is stored under a name, not at a path or address (Write name:tag.)'],
    ['a:1 => oci-archive:x', 'an image is stored under a name, not at a path or address (Write name:tag.)'],
    ['a:1 => docker-daemon:x', 'an image is stored under a name, not at a path or address (Write name:tag.)'],
    [
      'a:1 => https://x.example/a',
      'an image is stored under a name, not at a path or address (Write name:tag.)',
    ],
    ['docker-archive:x.tar => app', `the stored name 'app' needs a tag (Its source has none.)`],
    ['oci:x => app', `the stored name 'app' needs a tag (Its source has none.)`],
    ['oci:x:a/b => app', `the stored name 'app' needs a tag (Its source has none.)`],
    [`docker-archive:x.tar ${D}`, 'only an image from a registry can be pinned by a digest'],
    [`oci:x:1 ${D}`, 'only an image from a registry can be pinned by a digest'],
    [`a:1@${D} ${E}`, 'the reference and the entry name different digests'],
    [`a:1@${LONG} ${D}`, 'the reference and the entry name different digests'],
    [
      `docker-archive:x.tar:a@${D}`,
      'images in a docker-archive are named by tag, never by digest (Write path:name:tag.)',
    ],
    ['docker-archive:', `the path is missing after 'docker-archive:'`],
    ['docker-archive:x.tar:', `the name is missing after the path of 'docker-archive:'`],
    ['oci::x', `the path is missing after 'oci:'`],
    ['oci:x:', `the name is missing after the path of 'oci:'`],
    ['oci:x\u0007:1', `the path after 'oci:' contains a control character`],
    ['dir:', `the path is missing after 'dir:'`],
    ['dir:x:1', `a 'dir:' source has one image, and no name (Write dir:path.)`],
    ['docker-daemon:', `the name is missing after 'docker-daemon:'`],
    [
      `docker-daemon:x@${D}`,
      `Docker's daemon does not give images by the digest of a registry (Write docker-daemon:name:tag, or docker-daemon:sha256:… with an image ID.)`,
    ],
    [
      'containers-storage:[vfs@/srv+/run]x:1',
      'the place of a storage cannot be written in a list (Set CONTAINERS_STORAGE_CONF for another storage than that of its user.)',
    ],
    [
      'containers-storage:@0123456789ab => app:1',
      'an image ID is not written so (Write containers-storage:@ID => name:tag, with its 64 digits: podman images --no-trunc lists them.)',
    ],
    [
      `containers-storage:${D.slice(7)} => app:1`,
      'an image ID is not written so (Write containers-storage:@ID => name:tag, with its 64 digits: podman images --no-trunc lists them.)',
    ],
    [
      `docker-daemon:${D.slice(7)} => app:1`,
      'an image ID is not written so (Write docker-daemon:sha256:ID => name:tag, with its 64 digits: docker images --no-trunc lists them.)',
    ],
    [`docker-daemon:${D} => app`, `the stored name 'app' needs a tag (Its source has none.)`],
    ['5f4dcc3b5aa765d61d8327deb882cf99', ' is not an image reference'],
    ['x'.repeat(4097), 'this entry is longer than 4096 characters'],
  ])('is refused with its reason: %s', (line, reason) => {
    expect(read(line)).toEqual([]);
    const [reject, ...more] = refused(line);
    expect(more).toEqual([]);
    expect(reject).toMatch(/^1: /);
    expect(reject?.endsWith(reason)).toBe(true);
  });

  it.each([
    ['--quiet --quiet=true -q a:1', ['option --quiet', 'option -q']],
    ['--disable-content-trust a:1', ['option --disable-content-trust']],
    ['--platform=linux/arm64 a:1', []],
  ])('names the options without an effect, once: %s', (line, ignored) => {
    expect(parsed(`${line}\n${line}\n`, plain).ignored).toEqual(ignored);
  });

  it('that is a pair by a comma is told, once per file', () => {
    const warning = 'two references joined by a comma are read as source and stored name';
    expect(warningsOf('a:1 => b:1\na:2,b:2\na:3,b:3\na:4=b:4\n')).toEqual([`2: ${warning}`]);
    expect(warningsOf('a:1=b:1\na:2 -> b:2\n')).toEqual([]);
  });

  it.each([
    ['Foo/BAR:1', 'Foo/BAR:1'],
    ['quay.io/a/b:1 and more', 'quay.io/a/b:1'],
    ['busybox:1 and more', ''],
    ['Foo/BAR:1 and more', ''],
    ['curl -u me:hunter2', ''],
    ['a'.repeat(5000), ''],
  ])('that is bad is quoted as far as it is a reference: %s', (line, quoted) => {
    expect(parsed(line, plain).rejects.map(({ text }) => text)).toEqual([quoted]);
  });

  it('has the text as written, and whether it names a tag', () => {
    const { requests } = parsed(
      `--platform=linux/arm64 "quay.io/a/b" => c:1\nquay.io/a/b:latest\na@${D}\noci:x\ndocker-archive:x.tar:a`,
      plain,
    );
    expect(requests.map(({ written, implicitTag }) => [written, implicitTag])).toEqual([
      ['quay.io/a/b', true],
      ['quay.io/a/b:latest', false],
      [`a@${D}`, false],
      ['oci:x', false],
      ['docker-archive:x.tar:a', true],
    ]);
  });

  it('gets its host, and that of its stored name, from the default registry', () => {
    const how = { format: 'plain', defaultRegistry: 'registry.example:5000' };
    expect(requestsOf('a:1 => b\nquay.io/a/b:1\ndocker-archive:x.tar:a:1 => b', how)).toEqual([
      '1: registry.example:5000/a:1 => registry.example:5000/b:1',
      '2: quay.io/a/b:1',
      '3: docker-archive:x.tar docker.io/library/a:1 => registry.example:5000/b:1',
    ]);
  });
});
