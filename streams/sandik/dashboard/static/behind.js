// Another period behind the lead chart, on the same axis: the span before, or one that was chosen.

import { fetchJson } from "./live.js";
import { common } from "./query.js";
import { EVERY, Rows } from "./rows.js";
import { state } from "./state.js";

/** How much earlier the other period began than these buckets; null where none is compared. */
function shiftOf(starts, step_ms) {
  if (!state.compare || !starts.length) return null;
  if (state.compare === "before") return starts.length * step_ms;
  // Whole steps, so that buckets stand over buckets.
  return Math.round((starts[0] - Number(state.compare)) / step_ms) * step_ms;
}

/** Fetch the shares of the other period, one for each of `starts`: { from_ms, share }, or null. */
export async function fetchBehind(status, rows, pair) {
  const starts = rows.starts(), shift_ms = shiftOf(starts, rows.rollup_ms);
  if (!shift_ms) return null;
  const { among, share, source } = common(status), from_ms = starts[0] - shift_ms;
  if (from_ms + starts.length * rows.rollup_ms <= 0) return null;
  const counts = await fetchJson("/api/counts", {
    rollup_ms: rows.rollup_ms, language: EVERY, ...(among ? { among } : {}), ...(share ? { share } : {}), ...(source ? { source } : {}),
    from_ms: Math.max(0, from_ms), to_ms: starts.at(-1) + rows.rollup_ms - shift_ms,
  });
  const course = new Rows(counts).course(EVERY, starts.map((ms) => ms - shift_ms), pair);
  return course.share.some(Boolean) ? { from_ms, first_ms: starts[0], share: course.share } : null;
}
