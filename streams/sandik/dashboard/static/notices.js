// What the reader must know before believing the figures.

import { at, el } from "./dom.js";
import { duration, number, percent, say, time } from "./words.js";

/** Show what is wrong, if anything: `status` as the server says it, `problem` if it cannot be asked. */
export function drawNotices(status, problem) {
  const found = [...(problem ? [lost(problem)] : []), ...(status ? fromStatus(status) : [])];
  const shown = JSON.stringify(found);
  if (at("notices").dataset.shown === shown) return; // a screen reader would say it again
  at("notices").dataset.shown = shown;
  at("notices").replaceChildren(...found.map(([kind, level, sentence]) => el("p", { class: `notice ${level}`, "data-kind": kind }, sentence)));
}

function lost(problem) {
  return problem.message === "connection" || problem instanceof TypeError
    ? ["lost", "bad", say("noticeLost")]
    : ["refused", "bad", say("noticeRefused", { problem: problem.message })];
}

function* fromStatus(status) {
  const { counts } = status;
  if (counts.state === "away") yield ["away", "bad", say("noticeAway", { time: time(counts.since_ms) })];
  else if (counts.state === "no_topic") yield ["no_topic", "bad", say("noticeNoTopic")];
  else if (counts.state === "connecting") yield ["connecting", "info", say("noticeConnecting")];
  else if (counts.state === "loading") yield ["loading", "info", say("noticeLoading", { share: percent(counts.progress) })];
  else if (status.last_ms !== null && status.stale_since_ms !== null) yield ["stale", "info", say("noticeStale", { time: time(status.stale_since_ms) })];
  if (status.stalled_since_ms !== null) yield ["stalled", "bad", say("noticeStalled", { time: time(status.stalled_since_ms) })];
  if (status.paused_partitions.length) yield ["paused", "bad", say("noticePaused", { n: number(status.paused_partitions.length) })];
  if (status.lexicon_versions.length > 1) yield ["lexicons", "info", say("noticeLexicons", { n: number(status.lexicon_versions.length) })];
  if (status.other_window_sizes_ms.length) yield ["sizes", "info", say("noticeSizes", { size: duration(status.window_size_ms) })];
}
