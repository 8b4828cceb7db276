// Where: the same chart for each language, or each source, all on one scale, those with the most posts first.

import { Chart, topOf } from "./chart.js";
import { at, el, svg } from "./dom.js";
import { asCsv, takeCsv, takePng, takeSvg } from "./take.js";
import { ends, number, pairTitle, percent, say, tagName, zone } from "./words.js";

const HEIGHT_PX = 124, NAMED = 12, AT_A_GLANCE = 3;
/** What is taken away is drawn for a page of its own. */
const TAKEN_PX = { width: 720, height: 280 };
const panels = new Map();

/**
 * Draw the answer of /api/where: a panel for each part with a course, and a line for the rest. Moves along one
 * chart are moves along all. `marksOf(name, starts)` are bursts and corrections, `choose(name)` puts the page to that
 * part, where it can; `tags` are those of a file, `fileName(name)` its name.
 */
export function drawWhere({ by, rollup_ms, parts }, pair, on, { nameOf, marksOf, choose, tags, fileName }) {
  const drawn = parts.filter(({ points }) => points.length), starts = startsOf(drawn, rollup_ms);
  const courses = drawn.map(({ name, points }) => ({ ...courseOf(points, starts, rollup_ms, pair), marks: marksOf(name, starts) }));
  const top = topOf(courses);
  for (const [key, { section }] of panels) {
    if (!drawn.some(({ name }) => key === keyOf(by, name))) { section.remove(); panels.delete(key); }
  }
  const sections = drawn.map(({ name, posts, share, points }, place) => {
    const own = panel(keyOf(by, name), name, on), { section, title, value, about, take, chart } = own;
    title.textContent = nameOf(name);
    title.disabled = !choose;
    title.title = choose ? say("onlyThis") : "";
    title.onclick = () => choose(name);
    value.textContent = percent(share.value);
    about.textContent = say("panelAbout", { ...ends(share), part: number(posts[pair.name] ?? 0), base: number(posts[pair.base]) });
    take.setAttribute("aria-label", say("takeAway", { name: nameOf(name) }));
    own.taken = {
      draws: ["", starts, rollup_ms, courses[place], top],
      lines: [`${nameOf(name)}: ${pairTitle(pair)} — ${percent(share.value)}`, `${about.textContent} · ${say("zone", { zone: zone() })}`],
      csv: () => asCsv(by, tags, points.map(({ is_final: isFinal, ...point }) => ({ ...point, name, isFinal }))),
      file: fileName(nameOf(name)),
    };
    chart.draw(`${nameOf(name)}: ${tagName(pair.name)}. ${say("keys")}`, starts, rollup_ms, courses[place], top);
    return section;
  });
  const inOrder = [...at("panels").children];
  if (sections.length !== inOrder.length || sections.some((one, place) => one !== inOrder[place])) at("panels").replaceChildren(...sections);
  at("glance-where").textContent = parts.slice(0, AT_A_GLANCE).map(({ name, share }) => `${nameOf(name)} ${percent(share.value)}`).join(" · ");
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

/** A menu to take the chart away, drawn for a page of its own. */
function takeMenu(panelOf) {
  const arrow = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: "M8 2v8M4.5 7L8 10.5L11.5 7M2.5 13.5h11" }));
  const button = (kind, take) => el("button", { type: "button", class: "link", click: () => { take(panelOf().taken); menu.open = false; title.focus(); } }, kind);
  const title = el("summary", { class: "icon" }, arrow);
  const menu = el("details", { class: "take", name: "take" }, title, el("div", {},
    button("CSV", ({ csv, file }) => takeCsv(csv(), file)),
    button("SVG", ({ draws, lines, file }) => drawnLarge(draws, (drawing) => takeSvg(drawing, lines, file))),
    button("PNG", ({ draws, lines, file }) => drawnLarge(draws, (drawing) => takePng(drawing, lines, file)))));
  return menu;
}

/** Lend a drawing of the size of a page; it is there, unseen, because colours are the style sheet's. */
function drawnLarge(draws, use) {
  const host = el("div", { class: "unseen" });
  document.body.append(host);
  const chart = new Chart(host, TAKEN_PX.height, {});
  chart.width = TAKEN_PX.width;
  chart.draw(...draws);
  use(chart.svg);
  host.remove();
}

const keyOf = (by, name) => `${by} ${name}`;

function panel(key, name, on) {
  if (!panels.has(key)) {
    const title = el("button", { type: "button", class: "name" }), value = el("strong", {}), about = el("p", { class: "about" });
    const full = fullButton(() => panels.get(key).chart);
    const menu = takeMenu(() => panels.get(key)), take = menu.firstChild;
    const section = el("section", { class: "panel", "data-name": name }, el("div", { class: "head" }, el("h3", {}, title, value), full, menu), about);
    panels.set(key, { section, title, value, about, take, chart: new Chart(section, HEIGHT_PX, on(name)) });
  }
  return panels.get(key);
}
