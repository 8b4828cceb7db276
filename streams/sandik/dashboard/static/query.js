// What the page asks the API for, from what the reader has chosen.

import { pairOf, shownLanguages } from "./filters.js";
import { EVERY } from "./rows.js";
import { rollup, span, state } from "./state.js";

/** What headline, rows and examples have in common. */
export function common(status) {
  const pair = pairOf(status), share = state.share ?? (pair.base === "all" ? pair.name : null);
  return { ...span(), ...(share ? { share } : {}), ...(state.languages.length ? { among: state.languages.join(",") } : {}), ...(state.sources.length ? { source: state.sources.join(",") } : {}) };
}

/** The query for rows. Languages are named, so that a new one does not change what is asked. */
export function parameters(status, headline, languages = [EVERY, ...shownLanguages(status)]) {
  return { rollup_ms: rollup(status, headline.now.posts[pairOf(status).base] ?? 0), ...common(status), language: languages.join(",") };
}

/** The tags of the table, the lists and the file. */
export const tagsOf = (pair) => [...new Set([pair.base, ...pair.of, pair.name])];
