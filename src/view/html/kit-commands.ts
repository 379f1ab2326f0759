import { html, type Markup } from './template.ts';

/** The scripts of the kit, as README.txt names them. */
const COMMANDS: readonly (readonly [what: string, command: string, why: string])[] = [
  ['Check', 'sh kit/verify.sh', 'Compares every byte with what was saved, and needs nothing but a shell.'],
  ['Serve', 'sh kit/serve.sh', 'Runs zot over this folder, as a registry on 127.0.0.1:5000.'],
  [
    'Load',
    'sh kit/load.sh containerd',
    'Takes the images into this machine; also k3s, rke2, podman, docker.',
  ],
  [
    'Push',
    'sh kit/push.sh registry.example:5000',
    'Copies them into a registry that runs at your site; with --plain-http for one without TLS.',
  ],
  [
    'Mirror',
    'sh kit/mirrors.sh 10.0.0.5:5000',
    'Writes what nodes need to find images there by the names that they know; with --https for a registry with TLS.',
  ],
  [
    'Update',
    'sh kit/update.sh /srv/bundle',
    'Adds these images to those of an earlier folder, which stands there.',
  ],
];

/** How the bundle is checked, served, loaded, pushed and brought up to date. */
export function kitMarkup(): Markup {
  return html`<h2 id="use">How to use it</h2>
    <p>
      In the folder of the unpacked bundle, where README.txt says more. Node and a network are not needed;
      each script has <code>--help</code>.
    </p>
    <dl class="uses">
      ${COMMANDS.map(
        ([what, command, why]) =>
          html`<dt>${what}</dt>
            <dd>
              <code class="cmd">${command}</code>
              <div class="soft">${why}</div>
            </dd>`,
      )}
    </dl>`;
}
