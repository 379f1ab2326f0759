import { describe, expect, it } from 'vitest';
import { setsOf } from '../../../support/list-sets.ts';

const SECTIONS = `- registry: registry.example
  username: ann
  password: "0123"
  images:
    - api:1.10
    - team/web@sha256:${'a'.repeat(64)}
    - --platform=linux/arm64 team/web:2 => web:2
- registry: https://registry.example/
  username: ben
  password: p w
  images: [tools/cli:3, quay.io/team/app:1, quay.io/team/app:2]
- username: cid
  password: x
  images:
    - nginx:1
`;

describe('L3: an imageListWithAuth file', () => {
  it('gives the images of its sections, and each user for the repositories of his section', () => {
    expect(setsOf(SECTIONS)).toEqual({
      format: 'image-list-with-auth',
      requests: [
        '5 registry.example/api:1.10',
        `6 registry.example/team/web@sha256:${'a'.repeat(64)}`,
        '7 registry.example/team/web:2 [linux/arm64] => docker.io/library/web:2',
        '11 registry.example/tools/cli:3',
        '11 quay.io/team/app:1',
        '11 quay.io/team/app:2',
        '15 docker.io/library/nginx:1',
      ],
      logins: [
        '5 registry.example/api ann:0123',
        '6 registry.example/team/web ann:0123',
        '11 registry.example/tools/cli ben:p w',
        '11 quay.io/team/app ben:p w',
        '15 docker.io/library/nginx cid:x',
      ],
      warnings: [
        "11 the user of 'registry.example' in this section is also used for 'quay.io', which the image names",
      ],
    });
  });

  it.each([
    ['registry.example', 'nginx:1', 'registry.example/nginx:1'],
    ['docker.io', 'nginx:1', 'docker.io/library/nginx:1'],
    ['https://index.docker.io/v1/', 'nginx:1', 'docker.io/library/nginx:1'],
    ['127.0.0.1:5000', 'a/b', '127.0.0.1:5000/a/b:latest'],
    ['registry.example', 'localhost:5000/x:1', 'localhost:5000/x:1'],
  ])('completes names by its registry: %s, %s', (registry, image, named) => {
    const text = `- {registry: "${registry}", username: me, password: no, images: ["${image}"]}`;
    expect(setsOf(text).requests).toEqual([`1 ${named}`]);
  });

  it.each([
    ['username: me\n  images: [a:1]', "1 a user is given without a 'password'"],
    ['username: ""\n  password: no\n  images: [a:1]', "1 a password is given without a 'username'"],
    ['username: ""\n  password: ""\n  images: [a:1]', '1 this section has no username and no password'],
    ['username: me\n  password: {a: b}\n  images: [a:1]', "1 'password' is not text"],
    ['username: a:b\n  password: no\n  images: [a:1]', '1 a username has a colon or several lines'],
    ['username: me\n  password: no\n  registry: a b\n  images: [a:1]', "1 '…' is not a registry"],
    ['username: me\n  password: no\n  images: [{a: b}]', '3 an image is not text'],
  ])('T4: is refused before work where a section says %j', (section, reason) => {
    const sets = setsOf(`- ${section}\n`);
    expect(sets.rejects).toEqual([reason]);
    expect(sets.requests ?? []).toEqual([]);
  });

  it.each([
    ['" p "', ' p '],
    ['0123', '0123'],
    ['true', 'true'],
    ['|\n    first\n    second', 'first\nsecond'],
    ["'a#b: c'", 'a#b: c'],
  ])('takes the password %j as it is written', (written, password) => {
    const text = `- username: me\n  password: ${written}\n  images: [a:1]\n`;
    expect(setsOf(text).logins).toEqual([expect.stringContaining(`docker.io/library/a me:${password}`)]);
  });

  it('shows no password in a message', () => {
    const text = '- username: me\n  password: hunter2hunter2\n  images: ["Foo/BAR:1", {a: hunter2hunter2}]\n';
    const { rejects } = setsOf(text);
    expect(rejects).toHaveLength(2);
    expect(JSON.stringify(rejects)).not.toContain('hunter2');
  });

  it('takes the user of a section for its rules for tags, too', () => {
    const text = '- {username: me, password: no, images: ["--all-tags a/b"]}\n';
    expect(setsOf(text)).toMatchObject({ tags: ['1 docker.io/a/b {}'], logins: ['1 docker.io/a/b me:no'] });
  });

  it('skips a section without images, as sealer does, and says so', () => {
    const text = '- {username: me, password: no, images: ["a:1"]}\n- {registry: x.example, note: y}\n';
    expect(setsOf(text)).toMatchObject({
      requests: ['1 docker.io/library/a:1'],
      warnings: ['2 this section names no images: it is skipped'],
      ignored: ['note'],
    });
  });
});
