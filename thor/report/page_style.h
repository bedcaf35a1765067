// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace thor {

/// How a page looks: light and dark by the reader's setting, one column on a phone, plain on paper.
inline constexpr const char* kPageStyle = R"(
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1b2230; --soft: #5d6778; --line: #dfe3ea; --accent: #b4490f;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1319; --card: #181e27; --ink: #e6e9ef; --soft: #98a2b3; --line: #2a323f; --accent: #ff9d5c; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 84rem; padding: 2.5rem clamp(1rem, 4vw, 3rem);
  background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header { border-left: 4px solid var(--accent); padding-left: 1.25rem; margin-bottom: 2rem; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; letter-spacing: -.015em; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h3 { font-size: 1.02rem; margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
summary h2 { display: inline-block; }
caption { padding: .6rem .95rem .2rem; text-align: left; font-weight: 600; }
strong { font-weight: 700; }
p { margin: .35rem 0; max-width: 75ch; color: var(--soft); white-space: pre-line; }
.scroll { overflow-x: auto; margin-bottom: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .94rem; }
th, td { padding: .55rem .95rem; text-align: left; white-space: nowrap; }
td:not(.number):not(:first-child) { white-space: normal; overflow-wrap: anywhere; }
th { white-space: normal; min-width: 7em; vertical-align: bottom; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); }
tbody tr + tr td { border-top: 1px solid var(--line); }
.number { text-align: right; }
.charts { display: grid; gap: 1.25rem; margin-bottom: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
.chart { display: block; width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: 10px; }
.cases { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.2rem 1.2rem; }
article p { font-size: .9rem; }
.pictures { display: grid; gap: .6rem; margin-top: .8rem; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); }
.wide { grid-template-columns: 1fr; }
.wide img { image-rendering: auto; }
@media (min-width: 56rem) {
  .wide article { display: grid; grid-template-columns: 13.5rem 1fr; gap: 1.25rem; }
  .wide .pictures { margin-top: 0; }
}
figure { margin: 0; min-width: 0; }
img { display: block; width: 100%; height: auto; border-radius: 5px; background: #000; image-rendering: pixelated; }
figcaption { margin-top: .3rem; font-size: .78rem; color: var(--soft); text-align: center; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .85rem; color: var(--soft); }
@media print {
  :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  .cases:not(.wide) { grid-template-columns: 1fr 1fr; }
  article, figure, tr, .chart { break-inside: avoid; }
  img, header { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

}  // namespace thor
