// The page: what the reader chose -> one query -> rows, kept up to date -> charts, lists and notices.

import { at, soon } from "./dom.js";
import { drawExamples } from "./examples.js";
import { drawFilters, pairOf, shownLanguages, shownTags } from "./filters.js";
import { drawLists } from "./lists.js";
import { fetchJson, follow } from "./live.js";
import { drawNotices } from "./notices.js";
import { drawPanels, redrawPanels } from "./panels.js";
import { EVERY, Rows } from "./rows.js";
import { choose, rollup, span, state } from "./state.js";
import { sayAll, setInterface } from "./words.js";

const RETRY_MS = 2_000;
let status = null, rows = null, problem = null, following = null, asked = null, examplesOf = null;

const draw = soon(() => {
  drawNotices(status, problem);
  if (!status) return;
  drawFilters(status, ask);
  if (!rows) return;
  const languages = shownLanguages(status);
  drawPanels(rows, languages, shownTags(status), pairOf(status));
  drawLists(rows, languages, shownTags(status), pairOf(status));
  if (!document.body.dataset.ready) performance.mark("figures");
  document.body.dataset.ready = "yes";
}, 10);

const refreshExamples = soon(async () => {
  try { await drawExamples(exampleParameters(), state.texts, pairOf(status)); } catch (error) { examplesOf = null; if (!problem) drawNotices(status, error); }
}, 300);

/** The query of the page. Languages are named, so that a new one does not change what is asked. */
function parameters() {
  const languages = new Set([EVERY, ...shownLanguages(status)]);
  return { rollup_ms: rollup(status), ...span(), language: [...languages].join(",") };
}

function exampleParameters() {
  const tags = shownTags(status).filter((tag) => tag !== "all");
  return { ...span(), language: shownLanguages(status).join(","), tag: tags.join(",") };
}

/** Ask anew if what is wanted is not what is being followed. */
function ask() {
  const wanted = parameters();
  const key = JSON.stringify(wanted);
  if (key !== asked && status.last_ms !== null) {
    asked = key;
    following?.stop();
    following = follow(wanted, { start, rows: take, status: look, lost: (error) => { problem = error; draw(); } });
  }
  examplesOf = null;
  refreshExamples();
  draw();
}

function start(counts) { rows = new Rows(counts); problem = null; draw(); }
function take(counts) { rows?.add(counts); draw(); }

function look(news) {
  status = news;
  problem = null;
  if (asked === null && status.last_ms !== null) ask();
  const examples = JSON.stringify([status.examples_version, status.mentions.state]);
  if (examples !== examplesOf) { examplesOf = examples; refreshExamples(); }
  draw();
}

/** Before there is anything to follow, ask how things are until there is. */
async function begin() {
  while (following === null) {
    try { look(await fetchJson("/api/status", {})); } catch (error) { problem = error; draw(); }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function dress() {
  at("interface").value = setInterface(state.interface);
  at("theme").value = state.theme;
  at("texts").checked = state.texts;
  document.documentElement.dataset.theme = state.theme;
  sayAll();
}

at("interface").addEventListener("change", (event) => { choose({ interface: event.target.value }); dress(); redrawPanels(); if (status) ask(); });
at("theme").addEventListener("change", (event) => { choose({ theme: event.target.value }); dress(); redrawPanels(); });
at("texts").addEventListener("change", (event) => { choose({ texts: event.target.checked }); refreshExamples(); });
at("filters").addEventListener("submit", (event) => event.preventDefault());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawPanels);

dress();
begin();
