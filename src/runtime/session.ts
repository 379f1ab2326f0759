import type { SaveOptions, WantedSkopeo } from '../options/index.ts';
import { OciSaveError } from '../errors.ts';
import { shortDigest } from '../oci/digest.ts';
import {
  createSources,
  type CredentialStore,
  type RegistryClient,
  type Repository,
  type Sources,
} from '../registry/index.ts';
import { createSkopeoEnvironment, findSkopeo, type Skopeo, type SkopeoTools } from '../skopeo/index.ts';
import { openStore, type Store } from '../store/index.ts';
import type { CertificateTrust } from '../trust/index.ts';
import { type ClientIo, type ClientOptions, openClient } from './client.ts';
import { storeFolder } from './store-folder.ts';

/** What one run holds open: the store, the client, and skopeo once something needs it. */
export interface Session {
  readonly store: Store;
  /** For what is pushed. */
  readonly client: RegistryClient;
  /** For what is read from registries: mirrors come first. */
  readonly sources: Sources;
  readonly credentials: CredentialStore;
  readonly trust: CertificateTrust;
  /** Whether credentials are sent to a repository, or to a mirror of it. */
  readonly isPrivate: (repository: Repository) => Promise<boolean>;
  readonly skopeoTools: () => Promise<SkopeoTools>;
  /** The version of the skopeo that was used; undefined where skopeo was not used. */
  readonly skopeoVersion: () => string | undefined;
  close(): Promise<void>;
}

/** Finds or installs the requested skopeo. What is fetched goes into `folder`, which lasts as long as the run. */
export type SetUpSkopeo = (wanted: WantedSkopeo, folder: string) => Promise<Skopeo>;

/** What a session gets from the front end, through the run. */
export interface SessionIo extends ClientIo {
  /** Installs skopeo when something first needs it; without this function skopeo is only looked for. */
  readonly setUpSkopeo?: SetUpSkopeo | undefined;
  /**
   * Whether others may run with the same store: then what came with credentials is asked for at its registry again, before
   * it is given from there.
   */
  readonly sharesStore?: boolean | undefined;
}

/** Opens what a run needs. Throws `machine` for a store that cannot be made, `usage` for a bad auth file. */
export async function openSession(
  options: SaveOptions & Pick<ClientOptions, 'listLogins'>,
  io: SessionIo,
): Promise<Session> {
  const { env, emit } = io;
  const store = await openStore(storeFolder(options.cacheDir, env), {
    asksAgain: io.sharesStore,
    onHealed: (digest, why, isLinked) =>
      emit({
        type: 'log',
        level: 'warning',
        message:
          `blob ${shortDigest(digest)} in the store was damaged (${why}): dropped, and fetched again where it is needed` +
          (isLinked ? '; earlier bundles that link it have the same wrong bytes: save them again' : ''),
      }),
  });
  try {
    return await openOver(store, options, io);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openOver(
  store: Store,
  options: Parameters<typeof openSession>[0],
  io: SessionIo,
): Promise<Session> {
  const { env, emit } = io;
  const { client, credentials, trust } = await openClient(options, io);
  const sources = createSources(client, options.mirrors, (message) =>
    emit({ type: 'log', level: 'warning', message }),
  );
  let tools: Promise<SkopeoTools> | undefined;
  let version: string | undefined;
  const find = async (): Promise<SkopeoTools> => {
    const look: SetUpSkopeo = (wanted) => findSkopeo(wanted, env);
    // Installing it is a request to a network, too.
    const setUp = options.offline ? look : (io.setUpSkopeo ?? look);
    const skopeo = await setUp(options.skopeo, store.runFolder);
    emit({ type: 'log', level: 'debug', message: `skopeo ${skopeo.version} (${skopeo.file})` });
    version = skopeo.version;
    return { skopeo, environment: await createSkopeoEnvironment(store.runFolder, env, trust) };
  };
  return {
    store,
    client,
    sources,
    credentials,
    trust,
    isPrivate: (repository) => isPrivate(sources.placesOf(repository), credentials),
    skopeoTools: () => (tools ??= find()),
    skopeoVersion: () => version,
    async close() {
      client.close();
      await store.close();
    },
  };
}

async function isPrivate(places: readonly Repository[], credentials: CredentialStore): Promise<boolean> {
  try {
    const found = await Promise.all(places.map((place) => credentials.find(place)));
    return found.some((one) => one !== undefined);
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    // A helper that fails now has worked before, or there would be no content.
    return true;
  }
}
