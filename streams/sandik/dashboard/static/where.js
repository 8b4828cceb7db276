// Where: the same chart for each language, all on one scale, those with the most posts first.

import { Chart, topOf } from "./chart.js";
import { at, el, svg } from "./dom.js";
import { folded, Rows } from "./rows.js";
import { languageName, number, percent, say, tagName } from "./words.js";

const HEIGHT_PX = 124, POINTS = 24;
const panels = new Map();

/** What is shown of the answer of /api/sources: rows with a source where others have a language. */
export const asRows = ({ rows, rollup_ms }, watermark_ms) => new Rows({ rollup_ms, watermark_ms, from_ms: 0,
  rows: rows.map(({ source, posts, ...row }) => ({ ...row, language: source, counts: posts, current: {}, corrected: {}, bursts: [] })) });

/**
 * Draw a panel for each of the languages that has posts, or of the sources. Moves along one chart
 * are moves along all.
 */
export function drawWhere(rows, starts, languages, pair, on, nameOf = languageName) {
  const fold = Math.max(1, Math.ceil(starts.length / POINTS));
  const found = languages.map((language) => ({ language, course: rows.course(language, starts, pair), base: rows.sum(language, pair.base), part: rows.sum(language, pair.name) }))
    .filter(({ base }) => base > 0)
    .map((one) => ({ ...one, course: folded(one.course, fold) }))
    .sort((a, b) => b.base - a.base || (a.language < b.language ? -1 : 1));
  const top = topOf(found.map(({ course }) => course));
  for (const [language, { section }] of panels) {
    if (!found.some((one) => one.language === language)) { section.remove(); panels.delete(language); }
  }
  for (const { language, course, base, part } of found) {
    const { section, name, share, about, chart } = panel(language, on);
    name.textContent = nameOf(language);
    share.textContent = percent(part / base);
    about.textContent = say("ofPosts", { part: number(part), base: number(base) });
    chart.draw(`${nameOf(language)}: ${tagName(pair.name)}. ${say("keys")}`, starts, rows.rollup_ms, course, top, { fold });
    at("panels").append(section);
  }
  at("where").hidden = !found.length;
}

/** The charts that are shown, to be read together. */
export const shownCharts = () => [...panels.values()].map(({ chart }) => chart);

/** A button that lets a chart fill the screen. */
function fullButton(chartOf) {
  const arrows = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" }));
  return el("button", { type: "button", class: "icon", "aria-label": say("fullScreen"), title: say("fullScreen"), click: () => chartOf().fill() }, arrows);
}

function panel(language, on) {
  if (!panels.has(language)) {
    const name = el("span", {}), share = el("strong", {}), about = el("p", { class: "about" });
    const full = fullButton(() => panels.get(language).chart);
    const section = el("section", { class: "panel", "data-language": language }, el("h3", {}, name, full, share), about);
    panels.set(language, { section, name, share, about, chart: new Chart(section, HEIGHT_PX, on(language)) });
  }
  return panels.get(language);
}
