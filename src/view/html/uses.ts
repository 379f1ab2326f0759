import { type Lock, repositoryPath, splitName } from '../../lock/index.ts';
import { shellWord } from '../../text/plain-text.ts';
import { html, type Markup } from './template.ts';

/** How the bundle is checked, served and loaded, in commands that work as they stand. */
export function usesMarkup(lock: Lock): Markup {
  // Runtimes take no artifacts.
  const image = lock.images.find(({ platforms }) => platforms.length > 0);
  const [first] = image?.names ?? [];
  const pull = first === undefined ? undefined : `podman pull --tls-verify=false ${servedName(first)}`;
  const uses: readonly (readonly [what: string, how: Markup | undefined])[] = [
    ['Check', html`in the folder of the bundle: ${code('sha256sum -c SHA256SUMS')}`],
    [
      'Serve',
      html`with zot, whose ${code('storage.rootDirectory')} is the folder ${code('registry')} in it; for a
      look: ${code('oci-save serve .')}`,
    ],
    ['Pull', pull === undefined ? undefined : html`from there: ${code(pull)}`],
    ['Push', html`into any registry: ${code('oci-save push . registry.example:5000')}`],
    [
      'Load',
      image !== undefined
        ? html`the archive, a file that ends in .tar: ${code('podman load -i bundle.tar')} or
          ${code('ctr -n k8s.io images import bundle.tar')}`
        : undefined,
    ],
  ];
  return html`<h2>How to use it</h2>
    <dl class="uses">
      ${uses.flatMap(([what, how]) =>
        how === undefined
          ? []
          : html`<dt>${what}</dt>
              <dd>${how}</dd>`,
      )}
    </dl>`;
}

function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

/** A stored name as the built-in registry and zot serve it at their default address. */
function servedName(stored: string): string {
  const { name, tag } = splitName(stored);
  return shellWord(`127.0.0.1:5000/${repositoryPath(name)}:${tag}`);
}
