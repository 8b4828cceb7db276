// What the reader has chosen. The address holds all of what a link should show, the browser what is a habit.

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Spans before the newest window; `all` and `custom` besides. */
export const SPANS = { hour: HOUR_MS, six_hours: 6 * HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };
const OTHER_SPANS = ["all", "custom"];
export const ROLLUPS = { minute: MINUTE_MS, five_minutes: 5 * MINUTE_MS, quarter: 15 * MINUTE_MS, hour: HOUR_MS, six_hours: 6 * HOUR_MS, day: DAY_MS };

/** Steps of a small chart, and how many it has room for. */
const PANEL_ROLLUPS = [...Object.values(ROLLUPS), 7 * DAY_MS, 30 * DAY_MS], PANEL_POINTS = 30;
/** Colours run out, and so do readers. */
export const MAX_LANGUAGES = 8;
const HABITS = ["interface", "theme", "texts"];
const MAX_POINTS = 1_500;

const habit = (name) => { try { return localStorage.getItem(`sandik.${name}`); } catch { return null; } };

/** The span of an address that names none. Of an archive, whose last day may hold a post or two, it is all. */
let usualSpan = "day";

function fromAddress() {
  const address = new URLSearchParams(location.search);
  const list = (name) => (address.get(name) ?? "").split(",").filter(Boolean);
  return {
    interface: address.get("lang") ?? habit("interface"),
    span: [...Object.keys(SPANS), ...OTHER_SPANS].includes(address.get("span")) ? address.get("span") : null,
    rollup: address.get("rollup") ?? "auto",
    from_ms: Number(address.get("from")) || null,
    to_ms: Number(address.get("to")) || null,
    share: address.get("share"),
    compare: /^(before|\d{1,16})$/.test(address.get("compare") ?? "") ? address.get("compare") : null,
    by: address.get("by") === "source" ? "source" : "language",
    languages: list("languages").filter((language) => language !== "*").slice(0, MAX_LANGUAGES),
    sources: list("source"),
  };
}

export const state = { theme: habit("theme") ?? "auto", texts: habit("texts") !== "no", ...fromAddress() };
let isNamed = state.span !== null;
state.span ??= usualSpan;

/** Choose the usual span for what there is, once. */
export function suitSpan({ last_ms }) {
  if (Date.now() - last_ms > SPANS.day) usualSpan = "all";
  if (!isNamed) state.span = usualSpan;
  isNamed = true;
}

/** Change what was chosen, and remember it; Back undoes it. */
export function choose(changes) {
  Object.assign(state, changes);
  for (const name of HABITS) {
    if (!(name in changes)) continue;
    const value = changes[name];
    try { localStorage.setItem(`sandik.${name}`, value === true ? "yes" : value === false ? "no" : value); } catch { /* private window */ }
  }
  const there = link();
  if (there !== location.pathname + location.search) history.pushState(null, "", there);
}

/** Return the address of what is shown. */
export function link(path = location.pathname) {
  const query = new URLSearchParams();
  if (state.span !== "day" || usualSpan !== "day") query.set("span", state.span);
  if (state.span === "custom" && state.from_ms) query.set("from", state.from_ms);
  if (state.span === "custom" && state.to_ms) query.set("to", state.to_ms);
  if (state.rollup !== "auto") query.set("rollup", state.rollup);
  if (state.share) query.set("share", state.share);
  if (state.compare) query.set("compare", state.compare);
  if (state.by !== "language") query.set("by", state.by);
  if (state.languages.length) query.set("languages", state.languages.join(","));
  if (state.sources.length) query.set("source", state.sources.join(","));
  if (state.interface) query.set("lang", state.interface);
  return query.size ? `${path}?${query}` : path;
}

/** Return the address of all there is, in the language of the page. */
export const everythingLink = () => `${location.pathname}?${new URLSearchParams({ span: "all", ...(state.interface ? { lang: state.interface } : {}) })}`;

/** Call `changed` when Back or Forward has changed what is chosen. */
export function onBack(changed) {
  addEventListener("popstate", () => {
    const before = JSON.stringify(state);
    Object.assign(state, fromAddress());
    state.span ??= usualSpan;
    if (JSON.stringify(state) !== before) changed(); // else it was a jump within the page
  });
}

/** Return the time that the reader wants to see, as /api takes it. */
export function span() {
  if (state.span in SPANS) return { span_ms: SPANS[state.span] };
  if (state.span === "all") return {};
  return { ...(state.from_ms ? { from_ms: state.from_ms } : {}), ...(state.to_ms ? { to_ms: state.to_ms } : {}) };
}

/** Return how much of that time there is something of. */
function length(status) {
  const first_ms = status.first_ms ?? 0, last_ms = status.last_ms ?? 0;
  const { span_ms, from_ms = first_ms, to_ms = last_ms } = span();
  return Math.max(1, Math.min(to_ms, last_ms) - Math.max(first_ms, span_ms ? last_ms - span_ms : from_ms));
}

/** Return the roll-ups that suit the span: whole windows, and no more points than a chart can show. */
export function possibleRollups(status) {
  const length_ms = length(status);
  const size_ms = status.window_size_ms;
  const fits = Object.entries(ROLLUPS).filter(([, ms]) => ms % size_ms === 0);
  const wholes = fits.some(([, ms]) => ms === size_ms) ? fits : [["window", size_ms], ...fits];
  const possible = wholes.filter(([, ms]) => length_ms / ms <= MAX_POINTS);
  return new Map(possible.length ? possible : [wholes.at(-1)]);
}

/** Return the roll-up that was chosen, in ms, as far as it is possible; else the API chooses. */
export const chosenRollup = (status) => possibleRollups(status).get(state.rollup) ?? "auto";

/** Return the roll-up of small charts beside one of `rollup_ms`. */
export function panelRollup(status, rollup_ms) {
  const possible = PANEL_ROLLUPS.filter((ms) => ms > rollup_ms && ms % status.window_size_ms === 0);
  return [rollup_ms, ...possible].find((ms) => length(status) / ms <= PANEL_POINTS) ?? possible.at(-1) ?? rollup_ms;
}
