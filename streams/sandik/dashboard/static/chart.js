// One chart, drawn anew for the width it has: a share with its interval as a line, the posts it is of as bars below.
// Colours are the style sheet's, so a change of theme needs no new drawing.

import { el, svg } from "./dom.js";
import { axisTicks } from "./ticks.js";
import { ends, number, percent, say, time, zone } from "./words.js";

/** Left of it stand the shares and the most posts of a bar, which may be millions. */
const LEAST_LEFT_PX = 46, LEAST_RIGHT_PX = 46, AXIS_PX = 20, GAP_PX = 14;
/** Above the axis of shares: in large charts there is a line of words, and marks below it. */
const HEAD_PX = 18, LARGE_HEAD_PX = 32, LARGE_PX = 160;
const TOPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];
const DRAG_PX = 8, LETTER_PX = 7.2, END_LETTER_PX = 9.5;

/**
 * The end of the axis that shows these shares, and the bands of nine of ten of their posts: of few posts bands are
 * wide, and say little. `courses` side by side have one.
 */
export function topOf(courses) {
  const points = courses.flatMap(({ share, base }) => share.map((one, place) => ({ ...one, posts: base?.[place] ?? 1 })).filter(({ high }) => high !== undefined));
  let left = 0.9 * points.reduce((sum, { posts }) => sum + posts, 0);
  const band = points.sort((a, b) => a.high - b.high).find(({ posts }) => (left -= posts) <= 0);
  const highest = Math.max(0, ...points.map(({ value }) => value * 1.1), band?.high ?? 0);
  return TOPS.find((top) => highest <= top) ?? 1;
}

/**
 * A chart in `host`. `on.zoom(from_ms, to_ms)` is called after a drag, `on.pick(from_ms, to_ms)` after a click on a
 * point, `on.point(ms)` as the reader moves along it, null as he leaves.
 */
export class Chart {
  constructor(host, height_px, on) {
    this.height_px = height_px;
    this.on = on;
    this.readout = el("output", { class: "readout" });
    this.host = el("div", {
      class: "plot", tabindex: "0", role: "group",
      keydown: (event) => this.#onKey(event), pointermove: (event) => this.#onMove(event),
      pointerdown: (event) => this.#onDown(event), pointerup: (event) => this.#onUp(event),
      pointercancel: () => { this.dragFrom = null; }, pointerleave: () => { this.dragFrom = null; this.on.point(null); },
    });
    this.frame = el("div", { class: "chart" }, this.host, this.readout);
    host.append(this.frame);
    this.own_px = height_px;
    this.host.style.height = `${height_px}px`;
    // Told, not asked for: whoever asks while he draws makes the browser lay out the page at once.
    new ResizeObserver(([{ contentRect }]) => {
      const width = Math.max(200, Math.round(contentRect.width));
      if (!contentRect.width || width === this.width) return; // hidden, or no wider than it was
      this.width = width;
      if (this.course) this.redraw();
    }).observe(this.host);
    this.frame.addEventListener("fullscreenchange", () => {
      this.height_px = document.fullscreenElement ? innerHeight - 48 : this.own_px;
      if (this.course) this.redraw();
    });
  }

  /** Fill the screen, or let it be as it was. */
  fill() { return document.fullscreenElement ? document.exitFullscreen() : this.frame.requestFullscreen(); }

  /** Draw a course as `Rows.course` has it, if it is not what is there; `top` ends the axis of shares. */
  draw(label, starts, step_ms, course, top, { notes = [], behind = null } = {}) {
    const news = JSON.stringify([document.documentElement.lang, label, starts[0], starts.length, step_ms, course, top, notes, behind, this.height_px]);
    if (news === this.news) return;
    Object.assign(this, { news, label, notes, behind, starts, step_ms, course, top, most: Math.max(0, ...course.base) });
    if (this.width) this.redraw(); // else it is told soon
  }

  redraw() {
    this.host.setAttribute("aria-label", this.label);
    this.host.style.height = `${this.height_px}px`;
    const { width, height_px: height } = this, bars = Math.round(height * 0.22), n = this.starts.length;
    this.left = Math.max(LEAST_LEFT_PX, number(this.most).length * LETTER_PX + 8);
    const end = this.course.share.findLast(Boolean);
    this.right = Math.max(LEAST_RIGHT_PX, end ? percent(end.value).length * END_LETTER_PX + 8 : 0);
    this.inner = width - this.left - this.right;
    this.isLarge = height >= LARGE_PX;
    this.head = this.isLarge ? LARGE_HEAD_PX : HEAD_PX;
    this.floor = height - AXIS_PX - bars - GAP_PX;
    const base = height - AXIS_PX;
    this.svg = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      ...this.#axes(width, base), ...this.#happened(base), ...this.#bars(base, bars), ...this.#lines(), ...this.#marks(),
      this.cursor = svg("line", { class: "cursor", y1: this.head, y2: base, visibility: "hidden" }),
      this.drag = svg("rect", { class: "drag", y: this.head, height: base - this.head, visibility: "hidden" }));
    this.host.replaceChildren(this.svg);
    if (n) this.#show(this.place ?? null);
  }

  #x(place) { return this.left + (this.inner * (place + 0.5)) / this.starts.length; }

  #y(share) { return this.head + (this.floor - this.head) * (1 - Math.min(share, this.top) / this.top); }

  #axes(width, base) {
    const levels = !this.isLarge ? [0, 1] : this.top === 0.75 || (this.top === 0.3) ? [0, 1 / 3, 2 / 3, 1] : [0, 0.5, 1];
    const lines = levels.flatMap((part) => {
      const y = Math.round(this.#y(part * this.top)) + 0.5;
      return [svg("line", { class: "grid", x1: this.left, x2: width - this.right, y1: y, y2: y }),
        svg("text", { x: this.left - 6, y: y + 4, "text-anchor": "end" }, percent(part * this.top))];
    });
    const ticks = axisTicks(this.starts, this.step_ms, this.inner).map(({ part, label }) => {
      const x = this.left + part * this.inner;
      return svg("text", { x, y: base + 15, "text-anchor": x > width - this.right - 24 ? "end" : x < this.left + 24 ? "start" : "middle" }, label);
    });
    const most = this.most ? [svg("text", { x: this.left - 6, y: base - this.height_px * 0.22 + 9, "text-anchor": "end" }, number(this.most))] : [];
    return [...lines, ...most, ...ticks];
  }

  /** What happened when: the words stand on the side that has room, up to the next note or after the last one's words. */
  #happened(base) {
    const [first_ms] = this.starts, length_ms = this.starts.length * this.step_ms;
    const shown = this.notes.filter(({ at_ms }) => at_ms >= first_ms && at_ms < first_ms + length_ms);
    const xOf = ({ at_ms }) => this.left + ((at_ms - first_ms) / length_ms) * this.inner;
    let free = 0;
    return shown.flatMap((note, place) => {
      const x = xOf(note), end = place + 1 < shown.length ? xOf(shown[place + 1]) : this.width, needed = note.text.length * LETTER_PX;
      const isRight = end - x >= Math.min(needed, x - free), room = isRight ? end - x : x - free;
      const most = Math.min(40, Math.floor(room / LETTER_PX));
      const short = note.text.length > most ? (most > 3 ? `${note.text.slice(0, most - 1)}…` : "") : note.text;
      free = isRight ? x + short.length * LETTER_PX : x;
      return [svg("line", { class: "cursor", x1: x, x2: x, y1: this.head - 17, y2: base }),
        svg("text", { x: x + (isRight ? 5 : -5), y: this.head - 7, "text-anchor": isRight ? "start" : "end" }, svg("title", {}, note.text), short)];
    });
  }

  #bars(base, height) {
    const { course, most } = this, slot = this.inner / this.starts.length, wide = Math.max(1, slot * 0.72);
    const path = (values, isFinal) => values.map((posts, place) => (posts && course.isFinal[place] === isFinal
      ? `M${round(this.#x(place) - wide / 2)},${base}h${round(wide)}v${-round((posts / most) * height)}h${-round(wide)}z` : "")).join("");
    return [true, false].flatMap((isFinal) => [["base", course.base], ["part", course.part]].map(([name, values]) =>
      svg("path", { class: `bar ${name}${isFinal ? "" : " current"}`, d: path(values, isFinal) })));
  }

  #lines() {
    const { share, isFinal } = this.course, runs = runsOf(share);
    const point = (place, part) => `${round(this.#x(place))},${round(this.#y(share[place][part]))}`;
    const band = runs.map((run) => (run.length > 1
      ? `M${[...run.map((place) => point(place, "high")), ...run.toReversed().map((place) => point(place, "low"))].join("L")}Z`
      : `M${round(this.#x(run[0]) - 1.5)},${round(this.#y(share[run[0]].high))}h3V${round(this.#y(share[run[0]].low))}h-3Z`)).join("");
    const line = (wanted) => runs.map((run) => run.slice(1).map((place, before) => (isFinal[place] === wanted
      ? `M${point(run[before], "value")}L${point(place, "value")}` : "")).join("")).join("");
    const dots = runs.flatMap((run) => run.filter((place) => run.length === 1 || !isFinal[place]))
      .map((place) => svg("circle", { class: isFinal[place] ? "dot" : "dot current", cx: round(this.#x(place)), cy: round(this.#y(share[place].value)), r: 3 }));
    const last = share.findLastIndex(Boolean);
    const end = last < 0 ? [] : [svg("text", { class: "end", x: this.#x(last) + 8, y: this.#y(share[last].value) + 4 }, percent(share[last].value))];
    const zoned = this.isLarge ? [svg("text", { x: this.left, y: 11 }, zone())] : [];
    const open = this.isLarge && isFinal.includes(false) ? [svg("text", { x: this.width - this.right, y: 11, "text-anchor": "end" }, say("stillCounting"))] : [];
    return [svg("path", { class: "band", d: band }), svg("path", { class: "line behind", d: this.#behind() }), svg("path", { class: "line", d: line(true) }), svg("path", { class: "line current", d: line(false) }), ...dots, ...end, ...zoned, ...open];
  }

  /** The line of another period. */
  #behind() {
    const values = this.behind ?? [];
    return runsOf(values).map((run) => (run.length > 1
      ? `M${run.map((place) => `${round(this.#x(place))},${round(this.#y(values[place].value))}`).join("L")}`
      : `M${round(this.#x(run[0]) - 2)},${round(this.#y(values[run[0]].value))}h4`)).join("");
  }

  #marks() {
    // Of bursts side by side the first is enough.
    const isFirst = ({ at, kind }) => !this.course.marks.some((other) => other.kind === kind && other.at === at - 1);
    return this.course.marks.filter(isFirst).map(({ at, kind }) => {
      // Bursts above the line, corrections below it: a point may have both.
      const x = this.#x(at), y = kind === "burst" ? this.#y(this.course.share[at]?.value ?? 0) - 12 : this.floor + GAP_PX / 2;
      return svg("path", { class: `mark ${kind}`, d: kind === "burst" ? `M${x - 5},${y - 4}h10l-5,9z` : `M${x},${y - 5}l4,5l-4,5l-4,-5z` });
    });
  }

  #placeAt(event) {
    const x = event.clientX - this.host.getBoundingClientRect().left;
    const place = Math.floor(((x - this.left) / this.inner) * this.starts.length);
    return Math.min(this.starts.length - 1, Math.max(0, place));
  }

  #onMove(event) {
    const place = this.#placeAt(event);
    if (this.dragFrom !== null && this.dragFrom !== undefined) {
      const [x1, x2] = [this.#x(this.dragFrom.place), this.#x(place)].sort((a, b) => a - b);
      for (const [name, value] of Object.entries({ x: x1, width: x2 - x1, visibility: "visible" })) this.drag.setAttribute(name, value);
    }
    this.on.point(this.starts[place]);
  }

  #onDown(event) {
    if (event.button === 0) this.dragFrom = { place: this.#placeAt(event), x: event.clientX };
  }

  #onUp(event) {
    const from = this.dragFrom, to = this.#placeAt(event);
    this.dragFrom = null;
    this.drag.setAttribute("visibility", "hidden");
    if (!from) return;
    const [first, last] = [from.place, to].sort((a, b) => a - b), ends = [this.starts[first], this.starts[last] + this.step_ms];
    if (Math.abs(event.clientX - from.x) > DRAG_PX) this.on.zoom(...ends);
    else this.on.pick(...ends);
  }

  #onKey(event) {
    const last = this.starts.length - 1, from = this.place ?? last;
    if (event.key === "Enter" && this.place !== null) this.on.pick(this.starts[from], this.starts[from] + this.step_ms);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.on.point(this.starts[Math.min(last, Math.max(0, from + step))]);
  }

  /** Say what the chart shows at a time; null for nowhere. */
  read(ms) { if (this.course) this.#show(ms === null ? null : Math.floor((ms - this.starts[0]) / this.step_ms)); }

  #show(place) {
    this.place = place;
    const isThere = place !== null && place in this.starts;
    this.cursor.setAttribute("visibility", isThere ? "visible" : "hidden");
    if (!isThere) { this.readout.textContent = ""; return; }
    this.cursor.setAttribute("x1", this.#x(place));
    this.cursor.setAttribute("x2", this.#x(place));
    const { share, base, part } = this.course, one = share[place];
    const values = { part: number(part[place]), base: number(base[place]) };
    const said = one ? say("reading", { share: percent(one.value), ...ends(one), ...values }) : say("readingNone");
    const other = this.behind?.[place], behind = other ? say("readingBehind", { share: percent(other.value) }) : "";
    this.readout.textContent = `${time(this.starts[place], this.step_ms)}: ${said}${behind}`;
  }
}

const round = (value) => Math.round(value * 10) / 10;

/** The places that have a value, in pieces without a hole. */
function runsOf(values) {
  const runs = [];
  values.forEach((value, place) => {
    if (value === null) return;
    if (place && values[place - 1] !== null) runs.at(-1).push(place);
    else runs.push([place]);
  });
  return runs;
}
