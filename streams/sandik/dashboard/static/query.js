// What the page asks the API for, from what the reader has chosen.

import { pairOf, shownLanguages } from "./filters.js";
import { EVERY } from "./rows.js";
import { chosenRollup, span, state } from "./state.js";

/** What headline, rows and examples have in common. */
export function common(status) {
  const pair = pairOf(status), share = state.share ?? (pair.base === "all" ? pair.name : null);
  return { ...span(), ...(share ? { share } : {}), ...(state.languages.length ? { among: state.languages.join(",") } : {}), ...(state.sources.length ? { source: state.sources.join(",") } : {}) };
}

/** The query for the rows of the lead chart. */
export const leadParameters = (status) => ({ rollup_ms: chosenRollup(status), ...common(status), language: EVERY });

/** The query for all rows, of the same step. Languages are named, so that a new one does not change what is asked. */
export const parameters = (status, rollup_ms) => ({ rollup_ms, ...common(status), language: [EVERY, ...shownLanguages(status)].join(",") });

/** The tags of the table, the lists and the file. */
export const tagsOf = (pair) => [...new Set([pair.base, ...pair.of, pair.name])];
