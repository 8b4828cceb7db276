// Top terms and the newest posts. A post's text may hold anything: it only ever becomes text nodes.

import { at, el } from "./dom.js";
import { fetchJson } from "./live.js";
import { languageName, number, say, tagName, time } from "./words.js";

const MAX_CHARACTERS = 600;

/** Fetch and show the terms and posts that the parameters ask for. */
export async function drawExamples(parameters, showsTexts, pair) {
  const [{ terms }, { posts }] = await Promise.all([
    fetchJson("/api/terms", { ...parameters, limit: 15 }),
    fetchJson("/api/posts", { ...parameters, limit: 12 }),
  ]);
  drawTerms(terms);
  at("posts").replaceChildren(...(posts.length ? posts.map((post) => article(post, showsTexts, pair)) : [el("p", {}, say("noPosts"))]));
}

function drawTerms(terms) {
  const most = terms[0]?.posts ?? 1;
  const titles = [say("term"), say("topic"), say("postsColumn")];
  const rows = terms.map(({ term, tag, posts }) => el("tr", {},
    el("th", { scope: "row" }, el("bdi", {}, term)),
    el("td", {}, tagName(tag)),
    el("td", { class: "n" }, number(posts), " ", el("meter", { min: 0, max: most, value: posts, "aria-hidden": "true" }))));
  at("terms").replaceChildren(
    el("thead", {}, el("tr", {}, ...titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, ...(rows.length ? rows : [el("tr", {}, el("td", { colspan: 3 }, say("noTerms")))])));
}

function article(post, showsTexts, pair) {
  const about = post.tags.map(tagName).join(", ");
  const head = el("p", { class: "about" }, `${time(post.created_at_ms)} · ${languageName(post.language)} · ${about} · `, el("bdi", {}, post.source));
  return el("article", {}, head, showsTexts ? text(post, pair) : el("p", { class: "note" }, say("textOff")));
}

function text(post, pair) {
  const why = { hidden: "textHidden", gone: "textGone", unknown: "textUnknown" }[post.text_state];
  if (why) return el("p", { class: "note" }, say(why));
  return el("p", { class: "text", dir: "auto" }, ...highlighted(post.text, post.terms, pair));
}

/** The text in pieces, those that matched marked. Positions count code points, as Python does. */
export function highlighted(text, terms, pair) {
  const characters = Array.from(text), pieces = [];
  let done = 0;
  for (const { start, end, tag } of [...terms].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < done || end > characters.length || start >= MAX_CHARACTERS) continue; // inside one that is marked
    pieces.push(characters.slice(done, start).join(""));
    pieces.push(el("mark", { class: `tag-${!pair || tag === pair.base ? "base" : "with"}`, title: tagName(tag) }, characters.slice(start, end).join("")));
    done = end;
  }
  const rest = characters.slice(done, Math.max(done, MAX_CHARACTERS)).join("");
  return [...pieces, rest, characters.length > Math.max(done, MAX_CHARACTERS) ? "…" : ""];
}
