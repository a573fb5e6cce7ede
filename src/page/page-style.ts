/**
 * How the report looks: for a phone, a desk and paper, in the light or the
 * dark. Pictures keep their white sheet; what is too wide scrolls in a box of
 * its own, and on paper shrinks instead.
 */

export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1a1a1a; --paper: #ffffff; --soft: #555555; --line: #cccccc;
  --tint: #f4f4f4; --link: #0b5394; --good: #00664a; --bad: #a33b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8e8e8; --paper: #161616; --soft: #b0b0b0; --line: #444444;
    --tint: #222222; --link: #8ab8ea; --good: #6fd3b0; --bad: #ffa066;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1rem; max-width: 62rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.7rem; margin: 0.5rem 0; }
h2 { font-size: 1.35rem; margin: 0 0 0.25rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 0.4rem; }
p { margin: 0.4rem 0; max-width: 46rem; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
article { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 2px solid var(--line); }
nav { margin-top: 1.8rem; }
nav ol { padding: 0; list-style: none; }
nav li { padding: 0.45rem 0; border-bottom: 1px solid var(--line); }
nav small, .source { color: var(--soft); }
.holds, .fails { font-weight: 600; }
.holds { color: var(--good); }
.fails { color: var(--bad); }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
pre { margin: 0; font: 0.85rem/1.45 ui-monospace, 'DejaVu Sans Mono', monospace; }
.conclusions li { margin: 0.25rem 0; max-width: 46rem; }
figure { margin: 1.2rem 0; }
.sheet { overflow-x: auto; background: #ffffff; border: 1px solid var(--line); }
.sheet svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
figcaption { margin-top: 0.4rem; max-width: 46rem; font-size: 0.95rem; }
table { border-collapse: collapse; font-size: 0.9rem; line-height: 1.35; }
caption { text-align: start; font-weight: 600; padding: 0.3rem 0; }
th, td {
  padding: 0.3rem 0.7rem 0.3rem 0; text-align: start; vertical-align: top;
  border-bottom: 1px solid var(--line);
}
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
tbody th { font-weight: 400; }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.parameters td:last-child { min-width: 14rem; }
.parameters .number { text-align: start; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.9rem; }
@media print {
  :root {
    color-scheme: light;
    --ink: #000000; --paper: #ffffff; --soft: #444444; --line: #bbbbbb;
    --tint: #ffffff; --link: #000000; --good: #000000; --bad: #000000;
  }
  @page { margin: 15mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  article { break-before: page; border-top: 0; margin-top: 0; padding-top: 0; }
  h1, h2, h3, caption { break-after: avoid; }
  figure, tr, li, dl { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll, .sheet { overflow: visible; }
  .sheet { border: 0; }
  .sheet svg { min-width: 0 !important; max-height: 215mm; }
  pre { white-space: pre-wrap; font-size: 8pt; }
  table { font-size: 8pt; overflow-wrap: anywhere; }
  th, td { padding-right: 0.35rem; }
  .number { white-space: normal; }
  .parameters td:last-child { min-width: 0; }
  a { text-decoration: none; }
}
`;
