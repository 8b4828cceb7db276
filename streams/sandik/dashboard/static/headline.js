// The sentence that answers how much, whether it is rising, and what both rest on.

import { at, el } from "./dom.js";
import { everythingLink, state } from "./state.js";
import { aboutName, ends, isUsual, languageList, number, percent, points, say, sourceList, timeRange } from "./words.js";

/** Show the answer of /api/headline; without all counts read yet, as what it is: a part. */
export function drawHeadline({ now, pair, change, within, usual }, status) {
  const reading = (state.sources.length && status.by_source) || status.counts;
  const isLoading = reading.state === "loading" || reading.state === "connecting";
  document.body.classList.toggle("partial", isLoading);
  const base = now.posts[pair.base] ?? 0, part = now.posts[pair.name] ?? 0;
  const words = { span: spanWords(now), languages: languageWords(), base: aboutName(pair.base), others: othersOf(pair), tag: aboutName(pair.name) };
  const name = pair.base === "all" ? "sentenceOfAll" : isUsual(pair) ? "sentence" : "sentenceOf";
  fill("headline", capital(say(now.share ? name : pair.base === "all" ? "sentenceNothing" : "sentenceNone", words)), "share", now.share ? percent(now.share.value) : "", "share-value");
  at("share-interval").replaceChildren(...(now.share ? [
    el("b", {}, say("interval95", ends(now.share))), " ",
    say("ofPosts", { part: number(part), base: number(base) }),
    ...(isLoading ? [" · ", say("soFar", { share: percent(reading.progress) })] : []),
  ] : status.last_ms === null || isAll() ? [] : [
    say("countsReach", { range: timeRange(status.first_ms, status.last_ms, true, false) }), " · ",
    el("a", { href: everythingLink() }, say("showEverything")),
  ]));
  document.body.classList.toggle("nothing", !now.share);
  at("change").replaceChildren(...(change ? changeWords(change, "change") : within ? changeWords(within, "within") : []));
  at("usual").textContent = usual ? say("usual", { days: number(usual.days), low: percent(usual.low), high: percent(usual.high) }) : "";
  document.title = now.share ? `${percent(now.share.value)} · sandik` : "sandik";
}

function changeWords({ value, low, high, is_beyond_chance: isBeyond }, than) {
  const places = { points: points(Math.abs(value)), low: points(low, true), high: points(high, true) };
  if (!isBeyond) return [say(`${than}None`, places)];
  return [el("strong", {}, `${value > 0 ? "▲" : "▼"} ${say("changePoints", places)}`), " ", say(`${than}${value > 0 ? "Up" : "Down"}`, places)];
}

function spanWords({ from_ms, to_ms }) {
  if (from_ms === to_ms && state.from_ms && state.to_ms) return say("in_custom", { range: timeRange(state.from_ms, state.to_ms, true) });
  return state.span === "custom" || state.span === "all" ? say("in_custom", { range: timeRange(from_ms, to_ms, true, state.span !== "all") }) : say(`in_${state.span}`);
}

/** Whether nothing more could be shown. */
const isAll = () => state.span === "all" && !state.languages.length && !state.sources.length;

const languageWords = () => [
  ...(state.languages.length ? [say("ofLanguages", { languages: languageList(state.languages) })] : []),
  ...(state.sources.length ? [say("ofSources", { sources: sourceList(state.sources) })] : []),
].join(" ");

const othersOf = ({ base, of }) => of.filter((tag) => tag !== base).map(aboutName).join(", ");

const capital = (sentence) => sentence.charAt(0).toLocaleUpperCase(document.documentElement.lang) + sentence.slice(1);

/** Put a sentence into an element, with the value of its place in bold. */
function fill(id, sentence, place, value, valueId) {
  const [before, after = ""] = sentence.replace(/ +/g, " ").replace(/ (?=[.,])/g, "").split(`[${place}]`);
  at(id).replaceChildren(before, el("strong", { id: valueId }, value), after);
}
