import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a home for one copy, in which its repository stands for itself alone. skopeo reads the drop-ins of
 * `/etc/containers/registries.conf.d` whatever it is told, and they may block a registry, send its readers to a mirror,
 * or take plain HTTP for it. Those of its user's home come after them, and the longest prefix wins (containers/image,
 * sysregistriesv2): a whole repository's name is longer than any host's or organisation's.
 *
 * @param folder the copy's own; copies go on at once
 * @param name the repository with its registry
 * @param insecure whether the user named the registry for plain HTTP or unverified TLS
 * @returns the home's path
 */
export async function makeOwnHome(folder: string, name: string, insecure: boolean): Promise<string> {
  const home = path.join(folder, 'home');
  const dropIns = path.join(home, '.config/containers/registries.conf.d');
  await mkdir(dropIns, { recursive: true, mode: 0o700 });
  // A name in JSON's quotes is a name in TOML's.
  const own = JSON.stringify(name);
  const lines = ['[[registry]]', `prefix = ${own}`, `location = ${own}`, `insecure = ${insecure}`];
  await writeFile(path.join(dropIns, 'own.conf'), `${lines.join('\n')}\n`);
  return home;
}
