// Bursts, late corrections and the table of figures: what the charts show, in words.

import { at, el } from "./dom.js";
import { EVERY, total } from "./rows.js";
import { DAY_MS, state } from "./state.js";
import { columnEnds, columnPercent, languageName, number, say, tagName, time, timeRange, zone } from "./words.js";

const MAX_EVENTS = 12;
const MAX_ROWS = 60;

/** Fill the lists and the table. `pick` shows the posts of a burst. */
export function drawLists(rows, languages, tags, pair, pick) {
  const shown = rows.all().filter((row) => languages.includes(row.language));
  const when = (row) => ({ time: time(row.start_ms, rows.rollup_ms), language: nameOf(row.language) });
  // Only what is shown is put into words.
  const bursts = spells(shown, tags).map(({ tag, language, start_ms, end_ms, posts }) => () => el("button", { type: "button", class: "link", click: () => pick(start_ms, end_ms, language) },
    say("burst", { time: end_ms - start_ms > rows.rollup_ms ? timeRange(start_ms, end_ms) : time(start_ms, rows.rollup_ms), language: nameOf(language), tag: tagName(tag), n: number(posts) })));
  fill("bursts", bursts, "noBursts");
  const late = shown.flatMap((row) => [
    ...tags.filter((tag) => row.corrected[tag])
      .map((tag) => () => say("corrected", { ...when(row), tag: tagName(tag), n: `${row.corrected[tag] > 0 ? "+" : ""}${number(row.corrected[tag])}` })),
    ...(row.late ? [() => say("tooLate", { ...when(row), n: number(row.late) })] : []),
  ]);
  fill("late", late, "noLate");
  drawTable(rows, shown.slice(0, MAX_ROWS), tags, pair);
}

/** Bursts, the newest first: steps side by side as one, and all languages together only where no language alone has it. */
function spells(rows, tags) {
  const found = [], last = new Map();
  for (const row of rows.toReversed()) {
    for (const tag of row.bursts.filter((one) => tags.includes(one))) {
      const key = `${row.language} ${tag}`, before = last.get(key);
      if (before?.end_ms === row.start_ms) { before.end_ms = row.end_ms; before.posts += total(row, tag); continue; }
      last.set(key, { tag, language: row.language, start_ms: row.start_ms, end_ms: row.end_ms, posts: total(row, tag) });
      found.push(last.get(key));
    }
  }
  const isAlone = (one) => !found.some((other) => other.language !== EVERY && other.tag === one.tag && other.start_ms < one.end_ms && other.end_ms > one.start_ms);
  return found.filter((one) => one.language !== EVERY || isAlone(one)).toReversed();
}

const nameOf = (language) => (language === EVERY && state.languages.length ? say("together") : languageName(language));

function fill(id, lines, otherwise) {
  const shown = lines.length ? lines.slice(0, MAX_EVENTS) : [() => say(otherwise)];
  at(id).replaceChildren(...shown.map((line) => el("li", {}, line())));
}

function drawTable(rows, shown, tags, pair) {
  const columns = ["all", ...tags.filter((tag) => tag !== "all")];
  const head = [[`${say("when")} (${rows.rollup_ms < DAY_MS ? zone() : "UTC"})`], [say("language")], ...columns.map((tag) => [tagName(tag), "n"]), [say("share"), "n"], [say("interval"), "n"], [say("stateColumn")]];
  const body = shown.map((row) => {
    const isFinal = rows.isFinal(row, row.start_ms);
    return el("tr", { class: isFinal ? null : "current" },
      el("th", { scope: "row" }, time(row.start_ms, rows.rollup_ms)),
      el("td", {}, nameOf(row.language)),
      ...columns.map((tag) => el("td", { class: "n" }, number(total(row, tag)))),
      el("td", { class: "n" }, row.share ? columnPercent(row.share.value) : "–"),
      el("td", { class: "n" }, row.share ? columnEnds(row.share) : "–"),
      el("td", {}, say(isFinal ? "final" : "current")));
  });
  at("table").replaceChildren(
    el("caption", {}, `${tagName(pair.name)} / ${tagName(pair.base)}`),
    el("thead", {}, el("tr", {}, ...head.map(([title, kind]) => el("th", { scope: "col", class: kind }, title)))),
    el("tbody", {}, ...body));
}
