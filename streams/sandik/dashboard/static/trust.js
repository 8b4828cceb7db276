// Why trust it: what is final, what came too late or was rejected, how right tags and languages are known to be.

import { at, el } from "./dom.js";
import { age, ends, languageName, number, percent, say, tagName, time, wholePercent } from "./words.js";

/** Of fewer posts a share of them says little. */
const ENOUGH = 20;

/** Show what the figures rest on. */
export function drawTrust(status, { now, late, corrected }, pair) {
  const all = now.posts.all ?? 0, letters = status.letters, detector = status.measured_detector;
  const told = [
    ...(corrected ? [[percent(corrected.value), say("trustCorrected", ends(corrected))]] : []),
    [status.watermark_ms === null ? "–" : time(status.watermark_ms), say("trustFinal")],
    [status.last_ms === null ? "–" : time(status.last_ms), say("trustNewest", { age: age(status.now_ms - status.last_ms) })],
    [number(all), say("trustPosts")],
    [percent(all + late ? late / (all + late) : 0), say("trustLate", { n: number(late) })],
    [letters?.posts ? percent(Math.min(1, letters.rejected / letters.posts)) : "–", letters ? say("trustRejected", { n: number(letters.rejected) }) : say("trustRejectedUnknown")],
    [detector ? percent(detector.accuracy) : "–", detector ? say("trustDetector", { n: number(detector.texts) }) : say("trustDetectorUnknown")],
    ...pair.of.map((tag) => rightness(status.measured, tag)).filter(Boolean),
  ];
  at("trust").replaceChildren(...told.map(([value, words]) => el("div", {}, el("dt", {}, words), el("dd", {}, value))));
  at("lexicon").textContent = say("trustLexicon", { version: status.lexicon_versions.join(", ") || "–" });
  at("glance-trust").textContent = [
    inShort(status.measured, pair), detector ? say("glanceDetector", { share: percent(detector.accuracy) }) : null,
    say("glanceLate", { share: percent(all + late ? late / (all + late) : 0) }),
    letters?.posts ? say("glanceRejected", { share: percent(Math.min(1, letters.rejected / letters.posts)) }) : null,
    status.last_ms === null ? null : say("glanceNewest", { age: age(status.now_ms - status.last_ms) }),
  ].filter(Boolean).join(" · ");
  drawMeasured(status.measured);
}

const enough = (measured) => measured.filter(({ tagged, about }) => Math.min(tagged, about) >= ENOUGH);

/** How right a tag is, from the worst to the best language and kind of posts; null where it was not measured. */
function rightness(measured, tag) {
  const own = enough(measured).filter((one) => one.tag === tag);
  return own.length ? [range(own, "precision"), say("trustTag", { tag: tagName(tag), recall: range(own, "recall") })] : null;
}

/** The same of all tags of the pair together. */
function inShort(measured, pair) {
  const own = enough(measured).filter(({ tag }) => pair.of.includes(tag));
  return own.length ? say("glanceTags", { precision: range(own, "precision"), recall: range(own, "recall") }) : say("measuredNone");
}

function range(measured, name) {
  const all = measured.map((one) => one[name]);
  return say("range", { low: wholePercent(Math.min(...all)), high: wholePercent(Math.max(...all)) });
}

/** How right the tags are, on posts that were judged by reading. */
function drawMeasured(measured) {
  const known = enough(measured);
  at("measured-title").textContent = say(known.length ? "measured" : "measuredNone");
  at("measured-scroll").hidden = !known.length;
  const head = [[say("language")], [say("measuredKind")], [say("topic")], [say("precision"), "n"], [say("recall"), "n"], [say("postsColumn"), "n"]];
  const range = (value, low, high) => `${wholePercent(value)} (${wholePercent(low)}–${wholePercent(high)})`;
  at("measured").replaceChildren(
    el("thead", {}, el("tr", {}, ...head.map(([title, kind]) => el("th", { scope: "col", class: kind }, title)))),
    el("tbody", {}, ...known.map((one) => el("tr", {},
      el("th", { scope: "row" }, languageName(one.language)), el("td", {}, one.kind), el("td", {}, tagName(one.tag)),
      el("td", { class: "n" }, range(one.precision, one.precision_low, one.precision_high)),
      el("td", { class: "n" }, range(one.recall, one.recall_low, one.recall_high)),
      el("td", { class: "n" }, number(one.about))))));
}
