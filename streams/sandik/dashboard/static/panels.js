// The charts and the headline figure, from rows.

import { Chart, forgetColours } from "./chart.js";
import { at, el } from "./dom.js";
import { EVERY, total, wilson } from "./rows.js";
import { isUsual, languageName, number, pairTitle, percent, say, tagName } from "./words.js";

const COLOURS = 8;
const COUNT_STEPS = [...Array(9).keys()].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const SHARE_STEPS = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5];
const charts = new Map();

/** The colour of the nth language that is shown. */
export const colourOf = (index) => `--c${index % COLOURS}`;

/** Draw everything anew from the rows, for these languages and tags, and the share of the pair if there is one. */
export function drawPanels(rows, languages, tags, pair) {
  const starts = rows.starts();
  for (const element of document.querySelectorAll(".of-pair")) element.hidden = pair === null;
  at("subtitle").hidden = !isUsual(pair);
  if (pair) drawShare(rows, starts, languages, pair);
  for (const [tag, { section }] of charts) {
    if (tag !== "share" && !tags.includes(tag)) { section.remove(); charts.delete(tag); }
  }
  for (const tag of tags) {
    const { chart, title } = panel(tag);
    title.textContent = say("chartTitle", { tag: tagName(tag) });
    chart.draw(`${title.textContent}. ${say("keys")}`, starts, rows.rollup_ms, languages.map((language, index) => countLine(rows, starts, language, tag, index)));
  }
}

/** Draw again in the colours and the words of now. */
export function redrawPanels() {
  forgetColours();
  for (const { chart } of charts.values()) chart.redraw();
}

function panel(tag) {
  if (!charts.has(tag)) {
    const title = el("h2", { id: `chart-${tag}` });
    const section = el("section", { "aria-labelledby": `chart-${tag}` }, title);
    at("charts").append(section);
    charts.set(tag, { section, title, chart: new Chart(section, number, COUNT_STEPS) });
  }
  return charts.get(tag);
}

function countLine(rows, starts, language, tag, index) {
  const found = starts.map((start_ms) => rows.row(language, start_ms));
  const marks = found.flatMap((row, place) => [
    ...(row?.bursts.includes(tag) ? [{ at: place, kind: "burst" }] : []),
    ...(row?.corrected[tag] ? [{ at: place, kind: "corrected" }] : []),
  ]);
  return {
    label: languageName(language), colour: colourOf(index), marks,
    values: found.map((row) => total(row, tag)),
    isFinal: found.map((row, place) => rows.isFinal(row, starts[place])),
  };
}

function shareLine(rows, starts, language, index) {
  const found = starts.map((start_ms) => rows.row(language, start_ms));
  const of = (part) => found.map((row) => row?.share?.[part] ?? null);
  return {
    label: languageName(language), colour: colourOf(index), marks: [],
    values: of("value"), low: of("low"), high: of("high"),
    hasBand: index === 0, // several would hide each other; the table and the readout have them all
    isFinal: found.map((row, place) => rows.isFinal(row, starts[place])),
  };
}

function drawShare(rows, starts, languages, pair) {
  if (!charts.has("share")) charts.set("share", { chart: new Chart(at("share-chart"), percent, SHARE_STEPS) });
  const title = pairTitle(pair);
  at("share-title").textContent = title;
  const label = `${title}. ${say("keys")}`;
  charts.get("share").chart.draw(label, starts, rows.rollup_ms, languages.map((language, index) => shareLine(rows, starts, language, index)));
  const of = languages.includes(EVERY) || languages.length !== 1 ? EVERY : languages[0];
  const [both, base] = [rows.sum(of, pair.name), rows.sum(of, pair.base)];
  const share = wilson(both, base);
  at("share-value").textContent = share ? percent(share.value) : "–";
  at("share-interval").textContent = share
    ? say("shareInterval", { low: percent(share.low), high: percent(share.high), both: number(both), base: number(base), tag: tagName(pair.base) })
    : say("shareNone", { tag: tagName(pair.base) });
}
