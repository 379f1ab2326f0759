import { html } from '../template.ts';

/** The fields above the images, hidden where no script runs. */
export const SEARCH_FIELDS = html`<form id="search" class="bar-of-fields" role="search" hidden>
  <label class="wide"
    >Find
    <input
      type="search"
      placeholder="name, tag, digest, platform, label"
      autocomplete="off"
      spellcheck="false"
  /></label>
  <label
    >Sort
    <select>
      <option value="name">by name</option>
      <option value="0">by size</option>
      <option value="1">by own size</option>
    </select></label
  >
  <output aria-live="polite"></output>
</form>`;

/** Hides the images that do not have all words that were typed, and sorts the others. */
export const SEARCH_CODE = `var search = document.getElementById('search');
var field = search.querySelector('input');
var order = search.querySelector('select');
var counted = search.querySelector('output');
var rows = Array.from(document.querySelectorAll('details[data-find]'));
var homes = rows.map(function (row) { return row.parentNode; });
var sections = Array.from(document.querySelectorAll('main > section'));
var sorted = document.createElement('section');
var isSorted = false;
function narrow() {
  var words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  var shown = 0;
  rows.forEach(function (row) {
    var text = row.getAttribute('data-find');
    var isShown = words.every(function (word) { return text.indexOf(word) >= 0; });
    if (row.hidden === isShown) row.hidden = !isShown;
    if (isShown) shown += 1;
  });
  sections.forEach(function (section) {
    section.hidden = isSorted || section.querySelector('details:not([hidden])') === null;
  });
  counted.textContent = words.length === 0 ? '' : shown + ' of ' + rows.length;
}
function sort() {
  var by = order.value;
  isSorted = by !== 'name';
  if (isSorted) {
    var figure = function (row) { return Number(row.getAttribute('data-size').split(' ')[Number(by)]); };
    var figures = rows.map(function (row, index) { return [figure(row), index]; });
    figures.sort(function (a, b) { return b[0] - a[0] || a[1] - b[1]; });
    figures.forEach(function (one) { sorted.appendChild(rows[one[1]]); });
    if (sections.length > 0) sections[0].before(sorted);
  } else {
    rows.forEach(function (row, index) { homes[index].appendChild(row); });
    sorted.remove();
  }
  narrow();
}
var all = copyButton('Copy the pulls of these', 'Copy the pull commands of all images that are shown');
all.addEventListener('click', function () {
  var lines = [];
  rows.forEach(function (row) {
    if (row.hidden) return;
    row.querySelectorAll('.pulls li:nth-child(2) code').forEach(function (code) { lines.push(textOf(code)); });
  });
  copyText(lines.join('\\n') + '\\n', null, said(all, 'Copy the pulls of these'));
});
if (pulls !== null) search.insertBefore(all, counted);
search.hidden = false;
search.addEventListener('submit', function (event) { event.preventDefault(); });
field.addEventListener('input', narrow);
order.addEventListener('change', sort);
// A browser may have kept what was typed before.
if (order.value !== 'name') sort();
else if (field.value !== '') narrow();`;
