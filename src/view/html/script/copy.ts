/**
 * A button beside each command. A browser that lets no page of a file write to the clipboard may do so by the older way;
 * where that fails as well, the command is selected, for the reader to copy.
 */
export const COPY_CODE = `var told = document.getElementById('told');
function tell(words) { if (told !== null) told.textContent = words; }
function copyOld(text, code) {
  var area = document.createElement('textarea');
  var focused = document.activeElement;
  area.value = text;
  area.className = 'unseen';
  document.body.appendChild(area);
  area.select();
  var done = false;
  try { done = document.execCommand('copy'); } catch (error) { done = false; }
  area.remove();
  if (focused !== null) focused.focus({ preventScroll: true });
  if (!done && code !== null) window.getSelection().selectAllChildren(code);
  return done;
}
function copyText(text, code, said) {
  function end(done) { said(done ? 'Copied' : code === null ? 'No clipboard' : 'Press Ctrl+C'); }
  if (navigator.clipboard && window.isSecureContext)
    navigator.clipboard.writeText(text).then(function () { end(true); }, function () { end(copyOld(text, code)); });
  else end(copyOld(text, code));
}
function copyButton(words, label) {
  var button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = words;
  if (label !== '') button.setAttribute('aria-label', label);
  return button;
}
function said(button, words) {
  return function (end) {
    button.textContent = end;
    tell(end);
    setTimeout(function () { button.textContent = words; }, 2000);
  };
}
function addButtons(root) {
  root.querySelectorAll('code.cmd').forEach(function (code) {
    var next = code.nextElementSibling;
    if (next !== null && next.className === 'copy') return;
    code.after(' ', copyButton('Copy', ''));
    nameButton(code);
  });
}
document.addEventListener('click', function (event) {
  var button = event.target;
  if (button.className !== 'copy') return;
  var code = button.previousElementSibling;
  if (code !== null && code.className === 'cmd') copyText(code.textContent, code, said(button, 'Copy'));
});
document.querySelectorAll('dl.uses').forEach(addButtons);`;
