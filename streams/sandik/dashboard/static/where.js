// Where: the same chart for each language, or each source, all on one scale, those with the most posts first.

import { Chart, topOf } from "./chart.js";
import { at, el, svg } from "./dom.js";
import { number, percent, say, tagName } from "./words.js";

const HEIGHT_PX = 124, NAMED = 12;
const panels = new Map();

/**
 * Draw the answer of /api/where: a panel for each part with a course, and a line for the rest. Moves along one
 * chart are moves along all. `marksOf(name, starts)` are bursts and corrections, `choose(name)` puts the page to that
 * part, where it can.
 */
export function drawWhere({ by, rollup_ms, parts }, pair, on, { nameOf, marksOf, choose }) {
  const drawn = parts.filter(({ points }) => points.length), starts = startsOf(drawn, rollup_ms);
  const courses = drawn.map(({ name, points }) => ({ ...courseOf(points, starts, rollup_ms, pair), marks: marksOf(name, starts) }));
  const top = topOf(courses);
  for (const [key, { section }] of panels) {
    if (!drawn.some(({ name }) => key === keyOf(by, name))) { section.remove(); panels.delete(key); }
  }
  drawn.forEach(({ name, posts, share }, place) => {
    const { section, title, value, about, chart } = panel(keyOf(by, name), name, on);
    title.textContent = nameOf(name);
    title.disabled = !choose;
    title.title = choose ? say("onlyThis") : "";
    title.onclick = () => choose(name);
    value.textContent = percent(share.value);
    about.textContent = say("panelAbout", { low: percent(share.low), high: percent(share.high), part: number(posts[pair.name] ?? 0), base: number(posts[pair.base]) });
    chart.draw(`${nameOf(name)}: ${tagName(pair.name)}. ${say("keys")}`, starts, rollup_ms, courses[place], top);
    at("panels").append(section);
  });
  const rest = parts.filter(({ points }) => !points.length), told = rest.slice(0, NAMED);
  const words = told.map(({ name, posts, share }) => say("restPart", { name: nameOf(name), share: percent(share.value), base: number(posts[pair.base]) }));
  at("rest").textContent = words.length ? say(rest.length > NAMED ? "restMore" : "rest", { parts: words.join(" · "), n: number(rest.length - NAMED) }) : "";
}

/** The charts that are shown, to be read together. */
export const shownCharts = () => [...panels.values()].map(({ chart }) => chart);

/** The buckets from the first to the last point of any part, without holes. */
function startsOf(parts, rollup_ms) {
  const all = parts.flatMap(({ points }) => [points[0].start_ms, points.at(-1).start_ms]);
  const first_ms = Math.min(...all), found = [];
  for (let ms = first_ms; ms <= Math.max(...all); ms += rollup_ms) found.push(ms);
  return found;
}

function courseOf(points, starts, rollup_ms, pair) {
  const found = new Array(starts.length).fill(null);
  for (const point of points) found[(point.start_ms - starts[0]) / rollup_ms] = point;
  return {
    share: found.map((point) => point?.share ?? null),
    base: found.map((point) => point?.posts[pair.base] ?? 0),
    part: found.map((point) => point?.posts[pair.name] ?? 0),
    isFinal: found.map((point) => point?.is_final ?? true),
  };
}

/** A button that lets a chart fill the screen. */
function fullButton(chartOf) {
  const arrows = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" }));
  return el("button", { type: "button", class: "icon", "aria-label": say("fullScreen"), title: say("fullScreen"), click: () => chartOf().fill() }, arrows);
}

const keyOf = (by, name) => `${by} ${name}`;

function panel(key, name, on) {
  if (!panels.has(key)) {
    const title = el("button", { type: "button", class: "name" }), value = el("strong", {}), about = el("p", { class: "about" });
    const full = fullButton(() => panels.get(key).chart);
    const section = el("section", { class: "panel", "data-name": name }, el("h3", {}, title, full, value), about);
    panels.set(key, { section, title, value, about, chart: new Chart(section, HEIGHT_PX, on(name)) });
  }
  return panels.get(key);
}
