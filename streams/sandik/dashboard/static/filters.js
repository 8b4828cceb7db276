// The form: what is shown, and how this page looks.

import { at, el } from "./dom.js";
import { EVERY } from "./rows.js";
import { choose, possibleRollups, rollup, SPANS, state } from "./state.js";
import { duration, languageName, say, tagName } from "./words.js";

const DEFAULT_LANGUAGES = 4;
const MAX_LANGUAGES = 8;

/** The pair that the share is of, or null: what its lexicon says. */
export const pairOf = (status) => status.pairs[0] ?? null;

/** The tags that everybody has come for: those of the pair and its name, or without one all that there are. */
function usualTags(status) {
  const pair = pairOf(status);
  if (!pair) return status.tags.filter((tag) => tag !== "all" && tag !== "repost" && !tag.endsWith("_repost"));
  return [pair.base, ...pair.of.filter((tag) => tag !== pair.base), pair.name];
}

/** The tags that are shown, in the order of the charts. */
export const shownTags = (status) => (state.tags.length ? state.tags : usualTags(status));

/** The languages that are shown: those chosen, or all together and the most spoken. */
export function shownLanguages(status) {
  if (state.languages.length) return state.languages;
  return [EVERY, ...byPosts(status).slice(0, DEFAULT_LANGUAGES)];
}

function byPosts(status) {
  const weight = ({ posts }) => [posts[pairOf(status)?.base] ?? 0, posts.all ?? 0];
  return [...status.languages]
    .sort((a, b) => weight(b)[0] - weight(a)[0] || weight(b)[1] - weight(a)[1] || (a.language < b.language ? -1 : 1))
    .map(({ language }) => language);
}

/** Draw the form for what there is to choose from; `changed` is called after every choice. */
export function drawFilters(status, changed) {
  const pick = (changes) => { choose(changes); changed(); };
  options("span", [...Object.keys(SPANS), "all", "custom"].map((name) => [name, say(`span_${name}`)]), state.span, (span) => pick({ span }));
  const possible = possibleRollups(status);
  const auto = ["auto", say("rollup_auto", { size: duration(rollup(status)) })];
  options("rollup", [auto, ...[...possible.keys()].map((name) => [name, say(`rollup_${name}`)])],
    possible.has(state.rollup) ? state.rollup : "auto", (name) => pick({ rollup: name }));
  for (const element of document.querySelectorAll(".custom")) element.hidden = state.span !== "custom";
  instant("from", state.from_ms, (from_ms) => pick({ from_ms }));
  instant("to", state.to_ms, (to_ms) => pick({ to_ms }));
  const tags = [...new Set([...usualTags(status), ...status.tags.filter((tag) => tag !== "all"), "all"])];
  boxes("tags", tags, shownTags(status), tagName, (chosen) => pick({ tags: chosen }), () => null);
  const shown = shownLanguages(status);
  const languages = [EVERY, ...byPosts(status)];
  boxes("languages", [...new Set([...languages, ...shown])], shown, languageName,
    (chosen) => pick({ languages: chosen.slice(0, MAX_LANGUAGES) }), (language) => shown.indexOf(language));
}

function options(id, choices, chosen, picked) {
  const found = choices.map(([value, label]) => el("option", { value, selected: value === chosen }, label));
  // Not while the list is open, and not for nothing: it would close under the reader's hand.
  const news = JSON.stringify([choices, chosen]);
  if (at(id).dataset.shown === news) return;
  at(id).dataset.shown = news;
  at(id).replaceChildren(...found);
  at(id).onchange = () => picked(at(id).value);
}

function instant(id, ms, picked) {
  if (document.activeElement === at(id)) return;
  // The field takes local time, without a zone.
  at(id).value = ms === null ? "" : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  at(id).onchange = () => picked(at(id).value ? new Date(at(id).value).getTime() : null);
}

function boxes(id, values, chosen, name, picked, index) {
  const news = JSON.stringify([values, chosen, values.map(name)]);
  if (at(id).dataset.shown === news) return;
  at(id).dataset.shown = news;
  const focused = document.activeElement?.dataset?.value;
  at(id).replaceChildren(...values.map((value) => {
    const place = index(value);
    const box = el("input", {
      type: "checkbox", checked: chosen.includes(value), "data-value": value,
      change: (event) => {
        const rest = chosen.filter((one) => one !== value);
        picked(event.target.checked ? values.filter((one) => one === value || rest.includes(one)) : rest);
      },
    });
    const swatch = place !== null && place >= 0 ? el("span", { class: `swatch c${place % 8}`, "aria-hidden": "true" }) : null;
    return el("label", {}, box, swatch, name(value));
  }));
  if (focused !== undefined) [...at(id).querySelectorAll("input")].find((box) => box.dataset.value === focused)?.focus();
}
