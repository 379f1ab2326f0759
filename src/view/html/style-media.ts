import { html } from './template.ts';

/** The page's style on narrow screens and on paper. */
export const MEDIA_STYLE = html`<style>
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
      width: 5.5rem;
    }
    .row > .right {
      grid-column: 2;
      grid-row: 1;
    }
    .family .row {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .family .row > span:first-child {
      grid-column: 1 / -1;
    }
    .inside dl,
    .legend dl,
    .uses {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    .uses dd,
    .inside dd,
    .legend dd {
      margin-bottom: 0.5rem;
    }
    figure.inside {
      grid-template-columns: minmax(0, 12rem) minmax(0, 1fr);
      gap: 0 0.5rem;
    }
  }
  /* A digest below the rest of its row: beside it there is room for eight characters. */
  @media screen and (max-width: 40rem) {
    body {
      padding: 1rem 0.75rem 2rem;
    }
    .inside,
    .legend dl {
      padding-left: 0.75rem;
    }
    figure.inside {
      grid-template-columns: minmax(0, 9.5rem) minmax(0, 1fr);
    }
    .drawing text,
    .kin span {
      display: none;
    }
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
    button,
    select,
    input {
      min-height: 2.4rem;
    }
    .copy {
      min-height: 2rem;
      padding: 0 0.9rem;
    }
  }
  /* Black on white, with as many rows on a sheet as fit. */
  @media print {
    :root {
      color-scheme: light;
      --back: #fff;
      --card: #fff;
      --line: #bbb;
      --text: #000;
      --soft: #333;
      --mark: #000;
      --own: #000;
      --base: #ddd;
      --base-line: #555;
      --hatch: #555;
      --hatch-ground: #fff;
      --badge: #fff;
      --badge-text: #000;
      --warn: #fff;
      --warn-text: #000;
      font-size: 12px;
    }
    body {
      max-width: none;
      padding: 0 1px;
      font-size: 11px;
    }
    nav,
    .bar-of-fields,
    .contents,
    .copy,
    summary::before {
      display: none;
    }
    a {
      text-decoration: none;
    }
    .badge {
      border: 1px solid #000;
    }
    .row {
      grid-template-columns: minmax(0, 1fr) 10rem 10rem 5rem 6rem;
      gap: 0 0.75rem;
    }
    .family .row {
      grid-template-columns: minmax(0, 1fr) 13rem 8rem;
    }
    summary,
    .inside,
    .head {
      padding-left: 0.5rem;
    }
    .bar,
    .swatch,
    .drawing {
      print-color-adjust: exact;
    }
    details {
      content-visibility: visible;
    }
    .few details::details-content {
      content-visibility: visible;
      block-size: auto;
    }
    summary {
      padding-top: 0.25rem;
      padding-bottom: 0.25rem;
      break-inside: avoid;
      break-after: avoid;
    }
    .cmd {
      max-width: 100%;
    }
    .family,
    .legend,
    .facts div,
    .uses dd,
    .pulls,
    .kin,
    .drawing,
    tr {
      break-inside: avoid;
    }
    h2,
    h3,
    h4,
    dt {
      break-after: avoid;
    }
    footer {
      break-before: avoid;
    }
  }
</style>`;
