// Why trust it: what is final, how much came too late, how new the newest is, by which lexicon it was counted.

import { at, el } from "./dom.js";
import { number, percent, say, time } from "./words.js";

/** Show what the figures rest on. */
export function drawTrust(status, { now, late }) {
  const all = now.posts.all ?? 0;
  const told = [
    [status.watermark_ms === null ? "–" : time(status.watermark_ms), say("trustFinal")],
    [number(all), say("trustPosts")],
    [percent(all + late ? late / (all + late) : 0), say("trustLate", { n: number(late) })],
    [status.last_ms === null ? "–" : time(status.last_ms), say("trustNewest")],
    [status.lexicon_versions.join(", ") || "–", say("trustLexicon")],
  ];
  at("trust").replaceChildren(...told.map(([value, words]) => el("div", {}, el("dt", {}, words), el("dd", {}, value))));
}
