// What is shown, and how this page looks. All but the span folds away.

import { at, el, local } from "./dom.js";
import { choose, MAX_LANGUAGES, possibleRollups, SPANS, state } from "./state.js";
import { duration, languageName, pairTitle, say, sourceName, tagName } from "./words.js";

const NAMED_LANGUAGES = 8;
/** How many languages or sources have a chart of their own. */
export const PANELS = 6;

/** The pair that shares are of: what was chosen, or that of the lexicon, or its first tag among all posts. */
export function pairOf(status) {
  const { pairs, tags } = status, name = state.share ?? pairs[0]?.name ?? tags.find((tag) => tag !== "all") ?? "election";
  return pairs.find((pair) => pair.name === name) ?? { name, of: [name], base: "all" };
}

/** Whether there is anything that posts are about: a lexicon without pairs has no tag before one is counted. */
export const hasTopic = ({ last_ms, pairs, tags }) => last_ms !== null && (pairs.length > 0 || tags.some((tag) => tag !== "all"));

/** The languages that have a chart of their own: those chosen, or those with the most posts. */
export const shownLanguages = (status) => (state.languages.length ? state.languages : byPosts(status).slice(0, PANELS));

function byPosts(status) {
  const weight = ({ posts }) => [posts[pairOf(status).base] ?? 0, posts.all ?? 0];
  return [...status.languages]
    .sort((a, b) => weight(b)[0] - weight(a)[0] || weight(b)[1] - weight(a)[1] || (a.language < b.language ? -1 : 1))
    .map(({ language }) => language);
}

/** Draw the form for what there is to choose from, and the step by itself; `changed` is called after every choice. */
export function drawFilters(status, suited_ms, changed) {
  const pick = (changes) => { choose(changes); changed(); };
  options("span", [...Object.keys(SPANS), "all", "custom"].map((name) => [name, say(`span_${name}`)]), state.span, (span) => pick({ span }));
  const pair = pairOf(status), tags = status.tags.filter((tag) => tag !== "all" && !status.pairs.some(({ name }) => name === tag));
  const shares = [...status.pairs.map((one) => [one.name, pairTitle(one)]), ...tags.map((tag) => [tag, say("shareOfAll", { tag: tagName(tag) })])];
  options("share", shares, pair.name, (share) => pick({ share: share === status.pairs[0]?.name ? null : share }));
  const possible = possibleRollups(status);
  const auto = ["auto", say("rollup_auto", { size: duration(suited_ms) })];
  options("rollup", [auto, ...[...possible.keys()].map((name) => [name, say(`rollup_${name}`)])],
    possible.has(state.rollup) ? state.rollup : "auto", (name) => pick({ rollup: name }));
  for (const element of document.querySelectorAll(".custom")) element.hidden = state.span !== "custom";
  if (state.span === "custom" && !state.from_ms && !state.to_ms) at("filters").open = true;
  const other = /^\d+$/.test(state.compare ?? "");
  options("compare", [["", say("compareNone")], ["before", say("compareBefore")], ["other", say("compareOther")]], other ? "other" : state.compare ?? "",
    (value) => pick({ compare: value === "other" ? String((status.first_ms ?? 0)) : value || null }));
  at("compare-at-label").hidden = !other;
  instant("compare-at", other ? Number(state.compare) : null, (ms) => pick({ compare: ms === null ? null : String(ms) }));
  instant("from", state.from_ms, (from_ms) => pick({ from_ms }));
  instant("to", state.to_ms, (to_ms) => pick({ to_ms }));
  const named = byPosts(status).slice(0, NAMED_LANGUAGES);
  boxes("languages", [...new Set([...named, ...state.languages])], state.languages, languageName, (languages) => pick({ languages }), MAX_LANGUAGES);
  at("sources-field").hidden = !status.sources.length && !state.sources.length;
  boxes("sources", [...new Set([...status.sources, ...state.sources])], state.sources, sourceName, (sources) => pick({ sources }));
  search(byPosts(status).slice(NAMED_LANGUAGES), (language) => pick({ languages: [...state.languages, language].slice(-MAX_LANGUAGES) }));
  at("reset").hidden = !state.languages.length && !state.sources.length;
  at("filters-what").textContent = [...state.languages.map(languageName), ...state.sources.map(sourceName)].join(", ") || say("filters");
}

function options(id, choices, chosen, picked) {
  const found = choices.map(([value, label]) => el("option", { value, selected: value === chosen }, label));
  at(id).onchange = () => picked(at(id).value);
  // Not while the list is open, and not for nothing: it would close under the reader's hand.
  const news = JSON.stringify([choices, chosen]);
  if (at(id).dataset.shown === news) return;
  at(id).dataset.shown = news;
  at(id).replaceChildren(...found);
}

function instant(id, ms, picked) {
  if (document.activeElement === at(id)) return;
  at(id).value = local(ms);
  at(id).onchange = () => picked(at(id).value ? new Date(at(id).value).getTime() : null);
}

function boxes(id, values, chosen, nameOf, picked, most = Infinity) {
  const news = JSON.stringify([values, chosen, values.map(nameOf)]);
  if (at(id).dataset.shown === news) return;
  at(id).dataset.shown = news;
  const focused = document.activeElement?.dataset?.value;
  at(id).replaceChildren(...values.map((value) => {
    const box = el("input", {
      type: "checkbox", checked: chosen.includes(value), "data-value": value,
      disabled: chosen.length >= most && !chosen.includes(value),
      change: (event) => picked(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value)),
    });
    return el("label", {}, box, nameOf(value));
  }));
  if (focused !== undefined) [...at(id).querySelectorAll("input")].find((box) => box.dataset.value === focused)?.focus();
}

/** The rest of the languages, by any part of their names. */
function search(codes, picked) {
  at("more").hidden = !codes.length;
  const names = new Map(codes.map((code) => [languageName(code), code])), news = JSON.stringify([...names]);
  at("language-search").onchange = (event) => {
    const code = names.get(event.target.value) ?? (codes.includes(event.target.value) ? event.target.value : null);
    if (code) { event.target.value = ""; picked(code); }
  };
  if (at("other-languages").dataset.shown === news) return;
  at("other-languages").dataset.shown = news;
  at("other-languages").replaceChildren(...[...names.keys()].sort().map((value) => el("option", { value })));
}
