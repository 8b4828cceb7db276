// Where a time axis has its labels: at round times of the reader's zone; steps of a day are days in UTC.

import { axisTime } from "./words.js";

const MINUTE_MS = 60_000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS;
const STEPS_MS = [...[1, 5, 15, 30].map((n) => n * MINUTE_MS), ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS), ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY_MS)];
const LABEL_PX = 64;

/** Return labels of an axis of so many pixels over the buckets: { part, label }, `part` from 0 to 1. */
export function axisTicks(starts, step_ms, width) {
  if (!starts.length) return [];
  const first_ms = starts[0], length_ms = starts.length * step_ms;
  const every_ms = STEPS_MS.find((ms) => ms >= step_ms && (length_ms / ms) * LABEL_PX <= width) ?? length_ms;
  const zone_ms = step_ms >= DAY_MS ? 0 : -new Date(first_ms).getTimezoneOffset() * MINUTE_MS;
  const found = [];
  let day = null;
  for (let ms = Math.ceil((first_ms + zone_ms) / every_ms) * every_ms - zone_ms; ms < first_ms + length_ms; ms += every_ms) {
    const today = Math.floor((ms + zone_ms) / DAY_MS);
    const kind = every_ms >= 90 * DAY_MS ? "year" : every_ms >= DAY_MS || (today !== day && day !== null) || (day === null && length_ms > DAY_MS) ? "date" : null;
    day = today;
    // The label of a bucket stands under its middle.
    found.push({ part: (ms - first_ms + (every_ms === step_ms ? step_ms / 2 : 0)) / length_ms, label: axisTime(ms, step_ms, kind) });
  }
  return found;
}
