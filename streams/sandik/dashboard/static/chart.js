// One chart: a line for each language, drawn by uPlot; marks and dashes are ours.

import { el } from "./dom.js";
import { axisTime, time } from "./words.js";

const HEIGHT_PX = 190;
const DAY_MS = 86_400_000;

const colours = new Map();

/** Return a colour of the page's style sheet as the canvas needs it. Each is asked for once: it costs a layout. */
function colour(name) {
  if (!colours.has(name)) {
    const probe = el("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    colours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return colours.get(name);
}

/** Ask for the colours again: the theme is another. */
export const forgetColours = () => colours.clear();

/** The places of values without a neighbour: no line would show them. */
const lonely = (values) => values.flatMap((value, i) => (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []));

const faint = (rgb) => rgb.replace(/^rgb\(/, "rgba(").replace(/\)$/, ", 0.16)");

/**
 * A chart in `host`. Lines are { label, colour, values, isFinal[], marks: [{ at, kind }], low?, high?, hasBand? }.
 * `format` writes a value, `label` names the chart for those who do not see it.
 */
export class Chart {
  constructor(host, format, increments) {
    this.increments = increments;
    this.format = format;
    this.readout = el("output", { class: "readout" });
    this.plotHost = el("div", { class: "plot", tabindex: "0", role: "group", keydown: (event) => this.#onKey(event) });
    host.append(this.plotHost, this.readout);
    new ResizeObserver(() => this.plot?.setSize(this.#size())).observe(this.plotHost);
  }

  draw(label, starts, step_ms, lines) {
    this.plotHost.setAttribute("aria-label", label);
    this.starts = starts;
    this.step_ms = step_ms;
    this.lines = lines;
    const shape = JSON.stringify([step_ms, lines.map((line) => [line.label, line.colour, Boolean(line.hasBand)]), document.documentElement.dataset.theme, document.documentElement.lang]);
    const data = [starts.map((ms) => ms / 1000), ...lines.flatMap((line) => this.#columns(line))];
    if (shape === this.shape) {
      this.plot.setData(data);
      return;
    }
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new uPlot(this.#options(lines), data, this.plotHost);
    this.plotHost.querySelector("canvas").setAttribute("aria-hidden", "true");
  }

  redraw() {
    this.shape = null;
    if (this.lines) this.draw(this.plotHost.getAttribute("aria-label"), this.starts, this.step_ms, this.lines);
  }

  #size() {
    return { width: Math.max(240, this.plotHost.clientWidth), height: HEIGHT_PX };
  }

  #columns(line) {
    const { values, isFinal } = line;
    const solid = values.map((value, i) => (isFinal[i] ? value : null));
    // From the last final point on, so that the dashes join the line.
    const dashed = values.map((value, i) => (!isFinal[i] || (i + 1 < values.length && !isFinal[i + 1]) ? value : null));
    return line.hasBand ? [solid, dashed, line.high, line.low] : [solid, dashed];
  }

  #options(lines) {
    const ink = colour("--ink-2"), grid = colour("--line"), ground = colour("--ground");
    const series = [{}], bands = [];
    for (const line of lines) {
      const stroke = colour(line.colour);
      const alone = { show: true, size: 4, stroke, fill: stroke, filter: (plot, index) => lonely(plot.data[index]) };
      const hollow = { show: true, size: 6, stroke, fill: ground, filter: (_, index) => this.#hollow(index) };
      series.push({ stroke, width: 1.75, points: alone });
      series.push({ stroke, width: 1.5, dash: [5, 4], points: hollow });
      if (line.hasBand) {
        series.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
        bands.push({ series: [series.length - 2, series.length - 1], fill: faint(stroke) });
      }
    }
    return {
      ...this.#size(),
      series,
      bands,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.12 : 1] } },
      axes: [
        { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, space: 70, size: 30, values: (_, splits) => this.#labels(splits) },
        { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, size: 56, incrs: this.increments, values: (_, splits) => splits.map((value) => this.format(value)) },
      ],
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)], draw: [(plot) => this.#marks(plot)] },
    };
  }

  #labels(splits) {
    let before = null;
    const isLong = splits.length > 1 && splits[1] - splits[0] >= DAY_MS / 1000;
    return splits.map((s) => {
      const day = new Date(s * 1000).toDateString(), isNew = day !== before;
      before = day;
      return axisTime(s * 1000, this.step_ms, isNew || isLong ? (isLong ? "year" : "date") : null);
    });
  }

  /** Only the points that are current themselves, not the final one that the dashes start from. */
  #hollow(seriesIndex) {
    let index = 1;
    for (const line of this.lines) {
      if (seriesIndex === index + 1) return line.isFinal.flatMap((isFinal, i) => (isFinal || line.values[i] === null ? [] : [i]));
      index += line.hasBand ? 4 : 2;
    }
    return null;
  }

  #marks(plot) {
    const { ctx } = plot, unit = devicePixelRatio;
    ctx.save();
    for (const line of this.lines) {
      ctx.fillStyle = colour(line.colour);
      for (const mark of line.marks) {
        if (line.values[mark.at] === null) continue;
        const x = plot.valToPos(this.starts[mark.at] / 1000, "x", true);
        const y = plot.valToPos(line.values[mark.at], "y", true) - 9 * unit;
        const corners = mark.kind === "burst" ? [[0, 5], [-5, -4], [5, -4]] : [[0, -5], [4, 0], [0, 5], [-4, 0]];
        ctx.beginPath();
        for (const [dx, dy] of corners) ctx.lineTo(x + dx * unit, y + dy * unit);
        ctx.fill();
      }
    }
    ctx.restore();
  }

  #onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !this.plot) return;
    event.preventDefault();
    const last = this.starts.length - 1, from = this.plot.cursor.idx ?? last;
    const index = Math.min(last, Math.max(0, from + step));
    const left = this.plot.valToPos(this.starts[index] / 1000, "x");
    this.plot.setCursor({ left, top: 20 });
    this.#read(index);
  }

  #read(index) {
    if (index === null || index === undefined || !(index in this.starts)) { this.readout.textContent = ""; return; }
    const values = this.lines.filter((line) => line.values[index] !== null)
      .map((line) => `${line.label} ${this.format(line.values[index])}${line.low ? ` (${this.format(line.low[index])}–${this.format(line.high[index])})` : ""}`);
    this.readout.textContent = `${time(this.starts[index], this.step_ms)}: ${values.join(" · ")}`;
  }
}
