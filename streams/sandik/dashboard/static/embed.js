// A single chart, to be framed by other pages: it only shows.

import { Chart, topOf } from "./chart.js";
import { at, soon } from "./dom.js";
import { hasTopic, pairOf } from "./filters.js";
import { drawHeadline } from "./headline.js";
import { fetchJson, follow } from "./live.js";
import { common, leadParameters } from "./query.js";
import { EVERY, Rows } from "./rows.js";
import { link, state } from "./state.js";
import { say, sayAll, setInterface } from "./words.js";

const RETRY_MS = 2_000, HEADLINE_MS = 300, REST_PX = 60;
let status = null, rows = null, headline = null;

const height = () => Math.max(140, innerHeight - at("lead-chart").getBoundingClientRect().top - REST_PX);
const chart = new Chart(at("lead-chart"), 200, { zoom() {}, pick() {}, point: (ms) => chart.read(ms) });

function draw() {
  if (!rows) return;
  const pair = pairOf(status), starts = rows.starts(), course = rows.course(EVERY, starts, pair);
  document.body.dataset.ready = "yes"; // what was hidden has a place and a width now
  drawHeadline(headline, status);
  chart.height_px = height();
  chart.draw(at("headline").textContent, starts, rows.rollup_ms, course, topOf([course]), { notes: status.notes });
}

const refresh = soon(async () => {
  try { headline = await fetchJson("/api/headline", common(status)); } catch { return; } // it comes with the next rows
  draw();
}, HEADLINE_MS);

async function begin() {
  for (;;) {
    try {
      status = await fetchJson("/api/status", {});
      if (hasTopic(status)) { headline = await fetchJson("/api/headline", common(status)); break; }
    } catch { at("state").textContent = say("noticeLost"); }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  follow(leadParameters(status), {
    start: (counts) => { rows = new Rows(counts); at("state").textContent = ""; draw(); },
    rows: (counts) => { rows.add(counts); refresh(); },
    status: (news) => { status = news; },
    lost: (problem) => { at("state").textContent = problem ? say("noticeLost") : ""; },
  });
}

setInterface(state.interface);
document.documentElement.dataset.theme = new URLSearchParams(location.search).get("theme") ?? "auto";
sayAll();
at("whole").href = link("/");
addEventListener("resize", draw);
begin();
