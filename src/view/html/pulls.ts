import { type Lock, type LockedImage, placeOf, storedRepository, taggedDigest } from '../../lock/index.ts';
import { shellWord } from '../../text/plain-text.ts';
import { html, type Markup } from './template.ts';

/** Where kit/serve.sh and `oci-save serve` listen. */
export const ADDRESS = '127.0.0.1:5000';

/**
 * How a program pulls. REF is an image in the registry, NAME its stored name; a word that begins with `?` is for plain
 * HTTP alone. The page's script fills in the same forms (`script/commands.ts`).
 */
interface Tool {
  readonly name: string;
  readonly form: string;
  readonly note?: string;
}

/** The first one's commands are in the page; the script offers the others for each image. */
const DEFAULT_TOOL: Tool = { name: 'podman', form: 'podman pull ?--tls-verify=false REF' };

const TOOLS: readonly Tool[] = [
  DEFAULT_TOOL,
  {
    name: 'docker',
    form: 'docker pull REF',
    note: 'By plain HTTP it takes addresses in 127.0.0.0/8, and others that its daemon.json names as insecure.',
  },
  { name: 'ctr', form: 'ctr -n k8s.io images pull ?--plain-http REF' },
  {
    name: 'crictl',
    form: 'crictl pull REF',
    note: 'By plain HTTP the runtime’s own configuration has to allow it.',
  },
  {
    name: 'skopeo',
    form: 'skopeo copy ?--src-tls-verify=false docker://REF containers-storage:NAME',
    note: 'Into the storage of podman and CRI-O, under the stored name.',
  },
  { name: 'kubectl', form: 'image: REF', note: 'The line of a container in a manifest for Kubernetes.' },
];

/** Runtimes take no artifacts. */
const ARTIFACT_TOOL: Tool = {
  name: 'skopeo',
  form: 'skopeo copy ?--src-tls-verify=false docker://REF oci-archive:artifact.tar',
  note: 'Runtimes do not take artifacts; oras and helm pull them, too.',
};

/** Stored names of one image whose commands are in the page. */
const MAX_NAMES = 20;

/** A command of a form at the default address, by plain HTTP. */
export function pullCommand(form: string, ref: string, name: string): string {
  return form
    .replaceAll('?', '')
    .split(' ')
    .map((word) =>
      /REF|NAME/.test(word)
        ? shellWord(word.replace('REF', () => `${ADDRESS}/${ref}`).replace('NAME', () => name))
        : word,
    )
    .join(' ');
}

/** How images are pulled by each program, shown with the first one, and the fields that the script needs. */
export function pullMarkup({ images }: Lock): Markup | undefined {
  const image = images.find(({ platforms }) => platforms.length > 0) ?? images[0];
  const name = image?.names[0];
  if (image === undefined || name === undefined) return undefined;
  const tools = image.platforms.length > 0 ? TOOLS : [ARTIFACT_TOOL];
  return html`<h2 id="pull">Pull</h2>
    <p>
      From the registry that serve.sh starts, or that push.sh filled: names there begin with the address, and
      go on with the stored name. A node with the mirror configuration of the kit pulls under the stored names
      themselves. Every image below has its own commands, by tag and by digest.
    </p>
    <form id="pulls" class="bar-of-fields" hidden>
      <label
        >Registry
        <input id="address" value="${ADDRESS}" spellcheck="false" autocapitalize="off" autocomplete="off"
      /></label>
      <label
        >Program
        <select id="tool">
          ${TOOLS.map((tool) => html`<option value="${tool.form}">${tool.name}</option>`)}
        </select></label
      >
      <label><input id="plain" type="checkbox" checked /> plain HTTP</label>
      <output id="told" class="unseen" aria-live="polite"></output>
    </form>
    <dl class="uses" data-name="${name}">
      ${tools.map(
        (tool) =>
          html`<dt>${tool.name}</dt>
            <dd>
              ${commandMarkup(tool.form, placeOf(name), name, tool.form)}
              ${tool.note === undefined ? undefined : html`<div class="soft">${tool.note}</div>`}
            </dd>`,
      )}
    </dl>`;
}

/** The stored names of an image, each with the commands that pull it by tag and by digest. */
export function namesMarkup(image: LockedImage): Markup {
  const isArtifact = image.platforms.length === 0;
  const { form } = isArtifact ? ARTIFACT_TOOL : DEFAULT_TOOL;
  const fixed = isArtifact ? form : undefined;
  const digest = taggedDigest(image);
  return html`${image.names.slice(0, MAX_NAMES).map(
    (name) =>
      html`<ul class="pulls" data-name="${name}">
        <li><span class="ref">${name}</span></li>
        <li>${commandMarkup(form, placeOf(name), name, fixed)}</li>
        <li>${commandMarkup(form, `${storedRepository(name)}@${digest}`, name, fixed)}</li>
      </ul> `,
  )}${image.names.slice(MAX_NAMES).map((name) => html`<div class="ref">${name}</div> `)}`;
}

/** A command to copy. The script writes it anew for another address, and for another program where none is fixed. */
function commandMarkup(form: string, ref: string, name: string, fixed: string | undefined): Markup {
  const command = pullCommand(form, ref, name);
  return fixed === undefined
    ? html`<code class="cmd" data-ref="${ref}">${command}</code>`
    : html`<code class="cmd" data-ref="${ref}" data-form="${fixed}">${command}</code>`;
}
