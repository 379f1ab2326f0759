import { html } from './template.ts';

/** The page's one style sheet: the reader's own fonts, light or dark as the system is, readable when printed. */
export const STYLE = html`<style>
  :root {
    color-scheme: light dark;
    --back: #fff;
    --card: #f6f7f9;
    --line: #dfe3e8;
    --text: #1c2128;
    --soft: #5b6572;
    --mark: #0b62c4;
    --fill: #9cc4f3;
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
      --fill: #2f5d91;
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
  .facts dd {
    margin: 0;
    font-size: 1.3rem;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .row {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 11rem 12rem 7rem 5rem;
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
  }
  .ref .host {
    font-style: normal;
    font-weight: 400;
    color: var(--soft);
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
    display: flex;
    height: 0.45rem;
    border-radius: 3px;
    background: var(--line);
    overflow: hidden;
  }
  .bar i,
  .key i {
    background: var(--mark);
  }
  .bar b,
  .key b {
    background: var(--fill);
  }
  .bar i {
    min-width: 2px;
  }
  .key {
    white-space: nowrap;
  }
  .key i,
  .key b {
    display: inline-block;
    width: 0.55rem;
    height: 0.55rem;
    border-radius: 2px;
  }
  #filter {
    display: flex;
    gap: 0.75rem;
    align-items: baseline;
    margin: 0 0 1rem;
  }
  #filter label {
    display: flex;
    gap: 0.5rem;
    align-items: baseline;
    flex: 1;
    max-width: 34rem;
  }
  #filter input {
    flex: 1;
    min-width: 0;
    padding: 0.4rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--card);
    color: var(--text);
    font: inherit;
  }
  #filter input::placeholder {
    color: var(--soft);
    opacity: 1;
  }
  .uses {
    display: grid;
    grid-template-columns: 4rem minmax(0, 1fr);
    gap: 0.25rem 1rem;
    margin: 0;
  }
  .uses dt {
    color: var(--soft);
  }
  .uses dd {
    margin: 0;
  }
  .uses code {
    padding: 0.05rem 0.3rem;
    border-radius: 4px;
    background: var(--card);
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
  @media screen and (max-width: 64rem) {
    .row {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .head,
    .row > code {
      display: none;
    }
    .row > .soft {
      grid-column: 1;
      grid-row: 2;
    }
    .row > .bar {
      grid-column: 2;
      grid-row: 2;
      width: 5rem;
    }
    .row > .right {
      grid-column: 2;
      grid-row: 1;
    }
    .inside dl,
    .uses {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    .uses dd {
      margin-bottom: 0.4rem;
    }
    .inside dd {
      margin-bottom: 0.4rem;
    }
  }
  /* A digest below the rest of its row: beside it there is room for eight characters. */
  @media screen and (max-width: 40rem) {
    thead {
      display: none;
    }
    tr {
      display: flex;
      flex-wrap: wrap;
      gap: 0 0.75rem;
      padding: 0.3rem 0;
      border-bottom: 1px solid var(--line);
    }
    td {
      padding: 0;
      border: 0;
    }
    td:has(code) {
      order: 1;
      flex-basis: 100%;
    }
    td.right:nth-child(3) {
      margin-left: auto;
    }
    main > .scroll td:nth-child(2) {
      flex-basis: 100%;
    }
    main > .scroll td:nth-child(4)::before {
      content: 'saves ';
    }
  }
  /* As many rows on a sheet as fit; an image that is open on the screen is open there, too. */
  @media print {
    :root {
      font-size: 12px;
    }
    body {
      max-width: none;
      padding: 0;
      font-size: 11px;
    }
    #filter,
    .contents {
      display: none;
    }
    .row {
      grid-template-columns: minmax(0, 1fr) 10rem 10rem 5rem 5rem;
      gap: 0 0.75rem;
    }
    .bar,
    .key i,
    .key b,
    .badge {
      print-color-adjust: exact;
    }
    details {
      content-visibility: visible;
    }
    summary {
      padding-top: 0.25rem;
      padding-bottom: 0.25rem;
      break-inside: avoid;
    }
    h2,
    h3,
    h4 {
      break-after: avoid;
    }
  }
</style>`;
