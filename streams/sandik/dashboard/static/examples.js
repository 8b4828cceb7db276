// What is said: the terms, and whether they rose; the newest posts. A post's text may hold anything: it only ever
// becomes text nodes, and its link is followed only where it is one of the web.

import { at, el } from "./dom.js";
import { fetchJson } from "./live.js";
import { languageName, number, say, tagName, tenths, time } from "./words.js";

const MAX_CHARACTERS = 600, AT_A_GLANCE = 4;

/** Fetch the terms and the posts that the parameters ask for. */
export async function fetchExamples(parameters) {
  const [{ terms }, { posts }] = await Promise.all([
    fetchJson("/api/terms", { ...parameters, limit: 10 }),
    fetchJson("/api/posts", { ...parameters, limit: 8 }),
  ]);
  return { terms, posts };
}

/** Show the terms, and the posts or why there are none. */
export function drawExamples({ terms, posts }, whyNoPosts, pair) {
  drawTerms(terms);
  at("posts").hidden = whyNoPosts !== null;
  at("posts-off").hidden = whyNoPosts === null;
  at("posts-off").textContent = whyNoPosts ? say(whyNoPosts) : "";
  at("posts").replaceChildren(...(posts.length ? posts.map((post) => article(post, pair)) : [el("p", { class: "note" }, say("noPosts"))]));
}

function drawTerms(terms) {
  const reachesBack = terms.some(({ before }) => before !== null);
  const titles = [[say("term")], [say("topic")], [say("postsColumn"), "n"], ...(reachesBack ? [[say("growth"), "n"]] : [])];
  const rows = terms.map(({ term, tag, posts, before }) => el("tr", {},
    el("th", { scope: "row" }, el("bdi", {}, term)),
    el("td", {}, tagName(tag)),
    el("td", { class: "n" }, number(posts)),
    reachesBack ? el("td", { class: "n" }, growth(posts, before)) : null));
  at("glance-said").textContent = terms.slice(0, AT_A_GLANCE).map(({ term }) => term).join(" · ");
  at("terms-note").textContent = say(reachesBack ? "termsNote" : "termsNoteMost");
  at("terms").replaceChildren(
    el("thead", {}, el("tr", {}, ...titles.map(([title, kind]) => el("th", { scope: "col", class: kind }, title)))),
    el("tbody", {}, ...(rows.length ? rows : [el("tr", {}, el("td", { colspan: titles.length }, say("noTerms")))])));
}

/** How many times as many as before: `×3`, or that it is new. */
function growth(posts, before) {
  if (before === null) return "–";
  return before ? `×${tenths(posts / before)}` : say("newTerm");
}

function article(post, pair) {
  const about = post.tags.map(tagName).join(", ");
  const head = el("p", { class: "about" }, `${time(post.created_at_ms)} · ${languageName(post.language)} · ${about} · `, source(post));
  return el("article", {}, head, text(post, pair));
}

function source({ source: name, url }) {
  if (!/^https?:\/\//i.test(url ?? "")) return el("bdi", {}, name);
  return el("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }, el("bdi", {}, name), " ↗");
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
    pieces.push(el("mark", { class: `tag-${tag === pair.base ? "base" : "with"}`, title: tagName(tag) }, characters.slice(start, end).join("")));
    done = end;
  }
  const rest = characters.slice(done, Math.max(done, MAX_CHARACTERS)).join("");
  return [...pieces, rest, characters.length > Math.max(done, MAX_CHARACTERS) ? "…" : ""];
}
