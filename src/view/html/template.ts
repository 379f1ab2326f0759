import { createHash } from 'node:crypto';
import { printable } from '../../text/plain-text.ts';

/** Markup that is safe in a page: only this file creates it. */
export interface Markup {
  readonly markup: string;
}

type Insert = string | number | Markup | readonly Markup[] | undefined;

/**
 * A template whose inserts are always escaped, except for markup that this tag created; `undefined` inserts nothing.
 * Inserts belong into text or quoted attributes, never into a tag's name, a script or a style.
 */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return {
    markup: densePartsOf(parts)
      .map((part, index) => part + render(inserts[index]))
      .join(''),
  };
}

/** The parts of each template without indentation: a template has the same parts each time that it is filled in. */
const denseParts = new WeakMap<TemplateStringsArray, readonly string[]>();

function densePartsOf(parts: TemplateStringsArray): readonly string[] {
  const known = denseParts.get(parts);
  if (known !== undefined) return known;
  const made = parts.map(dense);
  denseParts.set(parts, made);
  return made;
}

/** White space beside these tags is never shown, and each would be a node of its own. */
const BLOCK =
  'body|caption|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|html|li|link|main|meta|nav|ol|' +
  'option|p|rect|section|select|summary|table|tbody|td|th|thead|title|tr|ul';
const BEFORE_BLOCK = new RegExp(`\\s+(?=</?(?:${BLOCK})\\b)`, 'g');
const AFTER_BLOCK = new RegExp(`(</?(?:${BLOCK})(?:\\s[^<>]*)?>)\\s+`, 'g');

/** Browsers ignore the source's indentation, and a thousand images have ten thousand rows of it. */
function dense(part: string): string {
  return part.replace(/\n\s+/g, '\n').replace(BEFORE_BLOCK, '').replace(AFTER_BLOCK, '$1');
}

/** A table that scrolls on a narrow screen. The columns from the index `figures` on are aligned to the right. */
export function tableMarkup(titles: readonly string[], figures: number, rows: readonly Markup[]): Markup {
  const heads = titles.map((title, index) =>
    index < figures ? html`<th>${title}</th>` : html`<th class="right">${title}</th>`,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${{ markup: heads.map(({ markup }) => markup).join('\n') }}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A script of ours. */
export function scriptMarkup(code: string): Markup {
  return { markup: `<script>${code}</script>` };
}

/** What a policy names a script or a style by: the hash of exactly the text between its tags. */
export function hashSource({ markup }: Markup): string {
  const text = markup.slice(markup.indexOf('>') + 1, markup.lastIndexOf('</'));
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function render(insert: Insert): string {
  if (insert === undefined) return '';
  if (typeof insert === 'string' || typeof insert === 'number') return escapeHtml(String(insert));
  return 'markup' in insert ? insert.markup : insert.map(({ markup }) => markup).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
