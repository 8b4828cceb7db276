// The rows of one query: fetched once, then kept up to date by /api/stream.

const RETRY_MS = 2_000;

/** Fetch JSON; an answer that is no success is an error that says what the server said. */
export async function fetchJson(path, parameters) {
  const query = new URLSearchParams(parameters);
  const response = await fetch(query.size ? `${path}?${query}` : path);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? response.statusText);
  return body;
}

/** Return what fetches, and takes the answer or the error unless it has fetched again since: an older answer may arrive last. */
export function newest(fetchAnswer, take, fail) {
  let last = null;
  return async () => {
    const mine = last = {};
    try {
      const answer = await fetchAnswer();
      if (mine === last) take(answer);
    } catch (error) {
      if (mine === last) fail(error);
    }
  };
}

/**
 * Follow a query until `stop` is called on what is returned.
 * `on.start(counts)` gets all rows, `on.rows(counts)` those that have changed, `on.status(status)` how things
 * are, `on.lost(problem)` why nothing comes, or null when it comes again.
 *
 * Nobody follows while the page is hidden: a browser has six connections to a server, for all its tabs.
 */
export function follow(parameters, on) {
  let events = null, timer = null, stopped = false;

  async function start() {
    let counts;
    try {
      counts = await fetchJson("/api/counts", parameters);
    } catch (problem) {
      if (!stopped) { on.lost(problem); again(); }
      return;
    }
    if (stopped || document.hidden) return;
    on.start(counts);
    // Of the step that was answered: the one that suits may be another by the next connection.
    events = new EventSource(`/api/stream?${new URLSearchParams({ ...parameters, rollup_ms: counts.rollup_ms, since: counts.version })}`);
    events.addEventListener("open", () => on.lost(null));
    events.addEventListener("rows", (event) => on.rows(JSON.parse(event.data)));
    events.addEventListener("status", (event) => on.status(JSON.parse(event.data)));
    events.addEventListener("reset", () => { events.close(); again(0); });
    events.addEventListener("error", () => {
      on.lost(new Error("connection"));
      // The browser itself asks again after a cut, with the last event's id; but not after a refusal.
      if (events.readyState === EventSource.CLOSED) again();
    });
  }

  function again(pause_ms = RETRY_MS) {
    if (!stopped && !document.hidden) timer = setTimeout(start, pause_ms);
  }

  function pause() {
    clearTimeout(timer);
    events?.close();
    events = null;
  }

  function turn() {
    pause();
    again(0);
  }

  document.addEventListener("visibilitychange", turn);
  again(0);
  return { stop() { stopped = true; pause(); document.removeEventListener("visibilitychange", turn); } };
}
