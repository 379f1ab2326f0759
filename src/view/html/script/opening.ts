/** Images of a page that are open on paper: with more, those that the reader opened. */
export const MAX_PRINTED = 100;

/** Opens what a link leads to, and all that is printed; an image gets its buttons when it is opened. */
export const OPENING_CODE = `var MAX_PRINTED = ${MAX_PRINTED};
document.addEventListener('toggle', function (event) {
  if (!event.target.open) return;
  fill(event.target);
  addButtons(event.target);
}, true);
function openTarget() {
  var target = document.getElementById(location.hash.slice(1));
  if (target === null || target.tagName !== 'DETAILS') return;
  target.hidden = false;
  target.parentNode.hidden = false;
  target.open = true;
  target.scrollIntoView();
}
addEventListener('hashchange', openTarget);
openTarget();
var opened = [];
addEventListener('beforeprint', function () {
  var shown = rows.filter(function (row) { return !row.hidden; });
  opened = Array.from(document.querySelectorAll('details:not([open])')).filter(function (one) {
    return !one.hidden && (shown.length <= MAX_PRINTED || one.className === 'legend');
  });
  opened.forEach(function (one) { one.open = true; fill(one); });
});
addEventListener('afterprint', function () {
  opened.forEach(function (one) { one.open = false; });
  opened = [];
});`;
