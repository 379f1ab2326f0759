import { ADDRESS } from '../pulls.ts';

/** Writes the commands anew for the registry and the program that the reader chooses; see `pulls.ts` for the forms. */
export const COMMANDS_CODE = `var pulls = document.getElementById('pulls');
var chosen = { address: '${ADDRESS}', form: '', plain: true };
function quoted(word) {
  return /^[\\w@%+=:,./-]+$/.test(word) && word[0] !== '-' ? word : "'" + word.replace(/'/g, "'\\\\''") + "'";
}
function commandOf(form, ref, name) {
  return form.split(' ').filter(function (word) {
    return chosen.plain || word[0] !== '?';
  }).map(function (word) {
    if (!/REF|NAME/.test(word)) return word[0] === '?' ? word.slice(1) : word;
    return quoted(word.replace('REF', function () { return chosen.address + '/' + ref; })
      .replace('NAME', function () { return name; }));
  }).join(' ');
}
function textOf(code) {
  var ref = code.getAttribute('data-ref');
  if (ref === null) return code.textContent;
  return commandOf(code.getAttribute('data-form') || chosen.form, ref,
    code.closest('[data-name]').getAttribute('data-name'));
}
function nameButton(code) {
  var next = code.nextElementSibling;
  if (next !== null && next.className === 'copy') next.setAttribute('aria-label', 'Copy ' + code.textContent);
}
function fill(root) {
  if (pulls === null) return;
  root.querySelectorAll('code[data-ref]').forEach(function (code) {
    code.textContent = textOf(code);
    nameButton(code);
  });
}
function isAddress(text) {
  return /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?(?:\\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/.test(text);
}
function choose() {
  var field = document.getElementById('address');
  var typed = field.value.trim().replace(/^https?:\\/\\//, '').replace(/\\/+$/, '');
  var isGood = typed === '' || isAddress(typed);
  field.setAttribute('aria-invalid', String(!isGood));
  if (isGood) chosen.address = typed === '' ? '${ADDRESS}' : typed;
  chosen.form = document.getElementById('tool').value;
  chosen.plain = document.getElementById('plain').checked;
  document.querySelectorAll('dl.uses, details[open]').forEach(fill);
}
if (pulls !== null) {
  pulls.hidden = false;
  pulls.addEventListener('input', choose);
  pulls.addEventListener('change', choose);
  pulls.addEventListener('submit', function (event) { event.preventDefault(); });
  choose();
}`;
