import type { LockedImage } from '../../lock/index.ts';
import { html, scriptMarkup } from './template.ts';

/** Without it the page lacks its filter and nothing else: the field is shown by the script that serves it. */
const CODE = `(function () {
  var box = document.getElementById('filter');
  var field = box.querySelector('input');
  var told = box.querySelector('output');
  var rows = Array.from(document.querySelectorAll('details[data-find]'));
  function narrow() {
    var words = field.value.toLowerCase().split(' ').filter(Boolean);
    var shown = 0;
    rows.forEach(function (row) {
      var text = row.getAttribute('data-find');
      row.hidden = !words.every(function (word) { return text.includes(word); });
      if (!row.hidden) shown += 1;
    });
    document.querySelectorAll('main section').forEach(function (section) {
      section.hidden = section.querySelector('details:not([hidden])') === null;
    });
    told.textContent = words.length === 0 ? '' : shown + ' of ' + rows.length;
  }
  field.addEventListener('input', narrow);
  box.hidden = false;
  narrow();
})();`;

/** The field, hidden where no script runs. */
export const FILTER_FIELD = html`<p id="filter" hidden>
  <label
    >Find <input type="search" placeholder="name, tag, digest, platform, narrowed" autocomplete="off"
  /></label>
  <output></output>
</p>`;

/** The script, and the source in the page's policy that lets it and no other run. */
export const FILTER_SCRIPT = scriptMarkup(CODE);

/** What an image is found by. */
export function wordsOf({ ref, names, digest, root, platforms }: LockedImage): string {
  const narrowed = root === digest ? [] : ['narrowed'];
  return [ref, ...names, digest, ...platforms, ...narrowed].join(' ').toLowerCase();
}
