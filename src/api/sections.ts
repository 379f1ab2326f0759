import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import { checkDefaultRegistry, type NamedList, parseInline, type ParseOptions } from '../list/index.ts';
import { nameOf } from '../oci/reference.ts';
import { optionsSchema } from '../options/index.ts';
import type { CredentialStore } from '../registry/index.ts';

const text = z.string({ error: 'must be a text' });

const sectionSchema = z.strictObject({
  registry: text.optional(),
  username: text.min(1, { error: 'must not be empty' }),
  password: text.min(1, { error: 'must not be empty' }),
  // The option of the same name, so that an entry means the same in both functions.
  images: optionsSchema.shape.images,
});

const sectionsSchema = z.array(sectionSchema, { error: 'must be a list of sections' });

/** Images that one user may read. Several sections may name one registry, with a user each. */
export interface AuthSection {
  /** For names without a registry; `docker.io` where it is left out. */
  readonly registry?: string | undefined;
  readonly username: string;
  readonly password: string;
  /** Entries as in lines of a plain list; a section without any is skipped. */
  readonly images: readonly string[];
}

/** The content of sections, in the engine's terms. */
export interface ReadSections {
  readonly lists: readonly NamedList[];
  /** Knows only the repositories that the sections name. */
  readonly credentials: CredentialStore;
}

/**
 * Reads sections. Messages name `sections[0].images:2`, from 0 and from 1, and never a user or a password.
 * @throws OciSaveError `usage` where they do not have the form of sections, or name one repository with two users
 */
export function readSections(
  sections: readonly AuthSection[],
  { defaultRegistry, variables }: ParseOptions,
): ReadSections {
  const parsed = sectionsSchema.safeParse(sections);
  if (!parsed.success) throw malformed(parsed.error);
  const lists: NamedList[] = [];
  const known = new Map<string, Known>();
  const conflicts: string[] = [];
  for (const [at, { registry, images, username, password }] of parsed.data.entries()) {
    if (images.length === 0) continue;
    const name = `sections[${at}]`;
    if (registry !== undefined) checkDefaultRegistry(registry, `${name}.registry`);
    const options = { defaultRegistry: registry ?? defaultRegistry, variables };
    const list = parseInline(images, options, `${name}.images`);
    lists.push(list);
    for (const repository of repositoriesOf(list)) {
      const other = known.get(repository);
      if (other === undefined) known.set(repository, { section: name, username, password });
      else if (other.username !== username || other.password !== password) {
        conflicts.push(`${other.section} and ${name} name ${repository} with different users`);
      }
    }
  }
  if (conflicts.length > 0) {
    throw new OciSaveError({
      code: 'usage',
      message: conflicts.join('\n'),
      hint: 'Each repository is read by one user: put its images into one section.',
    });
  }
  return { lists, credentials: storeOf(known) };
}

interface Known extends Pick<AuthSection, 'username' | 'password'> {
  readonly section: string;
}

function repositoriesOf({ requests, tagRequests }: NamedList): Set<string> {
  return new Set([
    ...tagRequests.map(({ repository }) => nameOf(repository)),
    ...requests.flatMap(({ source }) => (source.transport === 'docker' ? [nameOf(source.reference)] : [])),
  ]);
}

function storeOf(known: ReadonlyMap<string, Known>): CredentialStore {
  return {
    find: ({ domain, path }) => {
      const found = known.get(`${domain}/${path}`);
      return Promise.resolve(found && { username: found.username, password: found.password });
    },
  };
}

/** Only places and our own words: values may be passwords. */
function malformed({ issues }: z.ZodError): OciSaveError {
  const lines = issues.map(({ path, message, code }) => {
    const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `sections${place}: ${code === 'unrecognized_keys' ? 'it has an unknown key' : message}`;
  });
  return new OciSaveError({
    code: 'usage',
    message: lines.join('\n'),
    hint: 'A section is {registry?, username, password, images}.',
  });
}
