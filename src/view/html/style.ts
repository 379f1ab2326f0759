import { html } from './template.ts';

/** The page's style on a wide screen: the reader's own fonts, light or dark as the system is. */
export const STYLE = html`<style>
  :root {
    color-scheme: light dark;
    --back: #fff;
    --card: #f6f7f9;
    --line: #dfe3e8;
    --text: #1c2128;
    --soft: #5b6572;
    --mark: #0b5cb8;
    --own: #0b5cb8;
    --base: #d3e4f8;
    --base-line: #5b8fc9;
    --hatch: #5b8fc9;
    --hatch-ground: #fff;
    --row: 24px;
    --badge: #e4f3e6;
    --badge-text: #1b6328;
    --warn: #fdf0d5;
    --warn-text: #7a4b00;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --back: #14171b;
      --card: #1c2127;
      --line: #313943;
      --text: #e5e9ee;
      --soft: #9aa5b1;
      --mark: #74b3ff;
      --own: #74b3ff;
      --base: #1f3a59;
      --base-line: #5784b5;
      --hatch: #5784b5;
      --hatch-ground: #14171b;
      --badge: #1d3a24;
      --badge-text: #8fd69c;
      --warn: #43330f;
      --warn-text: #f2c766;
    }
  }
  * {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  body {
    margin: 0 auto;
    padding: 2rem 1.25rem 3rem;
    max-width: 76rem;
    background: var(--back);
    color: var(--text);
    font:
      15px/1.5 system-ui,
      sans-serif;
    overflow-wrap: break-word;
  }
  h1 {
    margin: 0;
    font-size: 1.6rem;
    line-height: 1.25;
    overflow-wrap: anywhere;
  }
  h2 {
    margin: 2.25rem 0 0.75rem;
    font-size: 1.15rem;
  }
  h3 {
    margin: 1.5rem 0 0.4rem;
    font-size: 0.95rem;
    color: var(--soft);
    font-weight: 600;
  }
  p {
    margin: 0.25rem 0;
    color: var(--soft);
  }
  code,
  .ref {
    font:
      0.92em/1.5 ui-monospace,
      SFMono-Regular,
      Menlo,
      Consolas,
      monospace;
    unicode-bidi: isolate;
    overflow-wrap: anywhere;
  }
  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr));
    gap: 0.75rem;
    margin: 1.5rem 0 0;
  }
  .facts div {
    padding: 0.7rem 0.9rem;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--card);
  }
  .facts dt {
    color: var(--soft);
    font-size: 0.82rem;
  }
  .facts small {
    display: block;
    color: var(--soft);
    font-size: 0.75rem;
    font-weight: 400;
    line-height: 1.35;
  }
  .facts dd {
    margin: 0;
    font-size: 1.3rem;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .row {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 11rem 12rem 7rem 6rem;
    gap: 0 1.25rem;
    align-items: center;
  }
  .head {
    padding: 0 0.75rem 0.3rem 1.9rem;
    color: var(--soft);
    font-size: 0.82rem;
  }
  .right {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  details {
    border: 1px solid var(--line);
    border-bottom-width: 0;
    content-visibility: auto;
    contain-intrinsic-size: auto 2.6rem;
  }
  details:first-of-type {
    border-radius: 8px 8px 0 0;
  }
  details:last-of-type {
    border-bottom-width: 1px;
    border-radius: 0 0 8px 8px;
  }
  details:only-of-type {
    border-radius: 8px;
  }
  details[open] {
    background: var(--card);
  }
  summary {
    padding: 0.5rem 0.75rem 0.5rem 1.9rem;
    cursor: pointer;
    list-style: none;
    position: relative;
  }
  summary::-webkit-details-marker {
    display: none;
  }
  summary::before {
    content: '\\25B8';
    position: absolute;
    left: 0.75rem;
    top: 50%;
    translate: 0 -50%;
    color: var(--soft);
  }
  details[open] > summary::before {
    content: '\\25BE';
  }
  summary:hover .ref {
    color: var(--mark);
  }
  summary .ref {
    font-weight: 600;
  }
  .soft {
    color: var(--soft);
  }
  .row .soft {
    font-size: 0.82rem;
    overflow-wrap: anywhere;
  }
  .ref .host {
    font-style: normal;
    font-weight: 400;
    color: var(--soft);
  }
  nav {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
    margin-top: 0.75rem;
  }
  .contents span {
    display: inline-block;
    max-width: 100%;
    margin-right: 1.25rem;
    overflow-wrap: anywhere;
  }
  .contents + .head {
    margin-top: 1rem;
  }
  .head + section h3 {
    margin-top: 0.25rem;
  }
  .name {
    display: block;
    color: var(--soft);
    font-size: 0.82rem;
  }
  summary .name .ref {
    font-weight: 400;
  }
  .bar {
    display: block;
    width: 100%;
    height: 0.5rem;
    border-radius: 3px;
    background: var(--line);
  }
  .bar rect {
    height: 100%;
  }
  rect.own {
    fill: var(--own);
  }
  rect.elsewhere {
    fill: url(#hatch);
  }
  rect.base {
    fill: var(--base);
    stroke: var(--base-line);
  }
  rect.once {
    fill: var(--base-line);
  }
  rect.saved {
    fill: none;
  }
  .ground {
    fill: var(--hatch-ground);
  }
  .ink {
    fill: var(--hatch);
  }
  .defs {
    position: absolute;
  }
  .swatch {
    display: inline-block;
    width: 1.1rem;
    height: 0.7rem;
    border: 1px solid var(--base-line);
    border-radius: 2px;
  }
  .kinds {
    white-space: nowrap;
  }
  .kinds .swatch {
    width: 0.7rem;
  }
  .key {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.5rem;
    margin: 0.5rem 0 0.75rem;
    padding: 0;
    list-style: none;
    color: var(--soft);
    font-size: 0.88rem;
  }
  .family .row {
    grid-template-columns: minmax(0, 1fr) 13rem 12rem;
  }
  figure.inside {
    display: grid;
    grid-template-columns: minmax(0, 20rem) minmax(0, 1fr);
    gap: 0 1rem;
    margin: 0;
  }
  .kin {
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 0.82rem;
  }
  .kin li {
    display: flex;
    gap: 0.75rem;
    height: var(--row);
    line-height: var(--row);
  }
  .kin a {
    flex: 1;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
  }
  .kin span {
    color: var(--soft);
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .drawing {
    display: block;
    width: 100%;
  }
  .drawing text {
    fill: var(--text);
    font-size: 12px;
  }
  .drawing rect {
    shape-rendering: crispEdges;
  }
  figcaption {
    grid-column: 1 / -1;
    color: var(--soft);
    font-size: 0.82rem;
  }
  .bar-of-fields {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    margin: 0.75rem 0 1rem;
  }
  .bar-of-fields label {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-width: 0;
  }
  .bar-of-fields .wide {
    flex: 1 1 16rem;
    max-width: 34rem;
  }
  .wide input {
    flex: 1;
  }
  input,
  select,
  button {
    min-width: 0;
    padding: 0.35rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--card);
    color: var(--text);
    font: inherit;
  }
  input[aria-invalid='true'] {
    outline: 2px solid var(--warn-text);
  }
  input::placeholder {
    color: var(--soft);
    opacity: 1;
  }
  button {
    cursor: pointer;
  }
  .copy {
    padding: 0 0.5rem;
    font-size: 0.8rem;
  }
  :focus-visible {
    outline: 2px solid var(--mark);
    outline-offset: 1px;
  }
  .unseen {
    pointer-events: none;
    position: fixed;
    left: 0;
    top: 0;
    opacity: 0;
  }
  output {
    color: var(--soft);
  }
  .uses {
    display: grid;
    grid-template-columns: 4rem minmax(0, 1fr);
    gap: 0.35rem 1rem;
    margin: 0.75rem 0 0;
  }
  .uses dt {
    color: var(--soft);
  }
  .uses dd {
    margin: 0;
  }
  .uses .soft {
    font-size: 0.82rem;
  }
  .cmd {
    display: inline-block;
    max-width: calc(100% - 5rem);
    padding: 0.1rem 0.35rem;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: var(--card);
    vertical-align: top;
  }
  .pulls {
    margin: 0 0 0.4rem;
    padding: 0;
    list-style: none;
  }
  .pulls li {
    margin-bottom: 0.2rem;
  }
  .legend dl {
    display: grid;
    grid-template-columns: 12rem minmax(0, 1fr);
    gap: 0.35rem 1rem;
    margin: 0;
  }
  .legend dd {
    margin: 0;
  }
  .own-bytes {
    display: block;
    color: var(--soft);
    font-size: 0.75rem;
  }
  .inside {
    padding: 0.25rem 0.75rem 1rem 1.9rem;
  }
  .inside dl {
    display: grid;
    grid-template-columns: 9rem minmax(0, 1fr);
    gap: 0.15rem 1rem;
    margin: 0 0 0.75rem;
  }
  .inside dt {
    color: var(--soft);
  }
  .inside dd {
    margin: 0;
  }
  h4 {
    margin: 1rem 0 0.3rem;
    font-size: 0.95rem;
  }
  h4 code {
    font-weight: 400;
    color: var(--soft);
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.92rem;
  }
  th {
    text-align: left;
    font-weight: 600;
    color: var(--soft);
    font-size: 0.82rem;
  }
  th,
  td {
    padding: 0.25rem 0.75rem 0.25rem 0;
    border-bottom: 1px solid var(--line);
    vertical-align: top;
  }
  .inside td:first-child {
    white-space: nowrap;
  }
  th:last-child,
  td:last-child {
    padding-right: 0;
  }
  .badge {
    padding: 0.05rem 0.45rem;
    border-radius: 1rem;
    background: var(--badge);
    color: var(--badge-text);
    font-size: 0.8rem;
    white-space: nowrap;
  }
  .badge.warn {
    background: var(--warn);
    color: var(--warn-text);
  }
  a {
    color: var(--mark);
  }
  footer {
    margin-top: 2.5rem;
    padding-top: 1rem;
    border-top: 1px solid var(--line);
    font-size: 0.88rem;
  }
</style>`;
