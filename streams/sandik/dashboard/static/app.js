// The page: what the reader chose -> one query -> rows and a headline, kept up to date -> charts, lists and notices.

import { fetchBehind } from "./behind.js";
import { Chart, topOf } from "./chart.js";
import { afterPaint, at, soon } from "./dom.js";
import { drawExamples, fetchExamples } from "./examples.js";
import { drawFilters, hasTopic, pairOf, PANELS, shownLanguages } from "./filters.js";
import { drawHeadline } from "./headline.js";
import { drawLists } from "./lists.js";
import { fetchJson, follow, newest } from "./live.js";
import { allNotes, writeNotes } from "./notes.js";
import { drawNotices } from "./notices.js";
import { common, leadParameters, parameters, tagsOf } from "./query.js";
import { EVERY, Rows } from "./rows.js";
import { choose, link, onBack, panelRollup, state, suitSpan } from "./state.js";
import { asCsv, takeCsv, takePng, takeSvg } from "./take.js";
import { drawTrust } from "./trust.js";
import { drawWhere, shownCharts } from "./where.js";
import { languageName, say, sayAll, setInterface, sourceName, tagName, time } from "./words.js";

const RETRY_MS = 2_000, HEADLINE_MS = 300, LEAD_PX = 210;
let status = null, rows = null, headline = null, problem = null, following = null, asked = null, examplesOf = null, picked = null, where = null, followed = null, behind = null;

const lead = new Chart(at("lead-chart"), LEAD_PX, handlers(EVERY));

/** What happens on a chart of these posts. */
function handlers(language, source = null) {
  return {
    zoom: (from_ms, to_ms) => { choose({ span: "custom", from_ms, to_ms }); ask(); },
    pick: (from_ms, to_ms) => pick(from_ms, to_ms, language, source),
    point: (ms) => { for (const chart of [lead, ...shownCharts()]) chart.read(ms); },
  };
}

/** What was chosen, and how things are: at once, while the figures are still on their way. */
function drawChoice() {
  drawNotices(status, problem);
  at("live").hidden = problem !== null || status?.counts.state !== "live" || status.stale_since_ms !== null;
  const isEmpty = problem === null && status?.counts.state === "live" && status.last_ms === null;
  if (isEmpty) at("headline").textContent = say("nothingYet");
  else if (status && status.last_ms !== null && !hasTopic(status)) at("headline").textContent = say("noTagYet");
  at("begin").hidden = !isEmpty;
  if (status) drawFilters(status, headline?.rollup_ms ?? status.window_size_ms, ask);
}

/** The sentence and the chart under it: what a choice is waited for. */
function drawLead() {
  const pair = pairOf(status);
  drawHeadline(headline, status);
  if (!rows) return;
  if (!document.body.dataset.ready) performance.mark("figures");
  document.body.dataset.ready = "yes"; // what is empty until now can be seen, so charts know their width
  const starts = rows.starts(), course = rows.course(EVERY, starts, pair);
  const other = behind?.first_ms === starts[0] ? behind : null;
  lead.draw(`${at("headline").textContent} ${say("keys")}`, starts, rows.rollup_ms, course, topOf([course, ...(other ? [other] : [])]), { notes: allNotes(status), behind: other?.share });
  const marks = new Set(course.marks.map(({ kind }) => kind));
  at("key").textContent = [say("key"), ...[...marks].map((kind) => say(`key_${kind}`)), ...(other ? [say("key_behind", { time: time(other.from_ms, rows.rollup_ms) })] : [])].join(" ");
}

const draw = soon(() => {
  drawChoice();
  if (!status || !headline) return;
  const pair = pairOf(status);
  drawLead();
  drawTrust(status, headline, pair);
  if (!rows) return;
  for (const by of ["language", "source"]) at(`by-${by}`).setAttribute("aria-pressed", state.by === by);
  if (where?.by === state.by) drawParts(pair);
  drawRest();
}, 10);

/** Below the charts: they come first. */
const drawRest = soon(() => {
  const pair = pairOf(status), languages = shownLanguages(status);
  drawLists(rows, languages.length === 1 ? languages : [EVERY, ...languages], tagsOf(pair), pair, pick);
}, 100);

/** Tell what went wrong, unless something worse is told already. */
function complain(error) { if (!problem) drawNotices(status, error); }

const refreshExamples = soon(newest(
  () => fetchExamples(exampleParameters()),
  (found) => drawExamples(found, status.texts ? state.texts ? null : "textsOff" : "textHidden", pairOf(status)),
  (error) => { examplesOf = null; complain(error); },
), 300);

const refreshHeadline = soon(newest(
  async () => ({ of: asked, told: await fetchJson("/api/headline", common(status)) }),
  ({ of, told }) => { if (of === asked) headline = told; draw(); },
  (error) => { complain(error); draw(); },
), HEADLINE_MS);

function drawParts(pair) {
  const bySource = state.by === "source", isPartly = where.origin === "mentions";
  // Mentions tell of tagged posts alone.
  const taken = { tags: isPartly ? fileTags().slice(1) : fileTags(), fileName };
  if (where.parts.length) {
    drawWhere(where, pair, (name) => (bySource ? handlers(EVERY, name) : handlers(name)), bySource
      ? { ...taken, nameOf: sourceName, marksOf: () => [], choose: isPartly ? null : (name) => only({ sources: [name], by: "language" }) }
      : { ...taken, nameOf: languageName, marksOf: (name, starts) => rows.marks(name, starts, where.rollup_ms, pair), choose: (name) => only({ languages: [name], by: status.sources.length ? "source" : "language" }) });
  }
  at("where").hidden = !where.parts.length && !isPartly;
  at("panels").hidden = !where.parts.length;
  at("where-off").hidden = !isPartly;
  at("where-off").textContent = isPartly ? say("sourcesOff", { names: where.parts.slice(0, PANELS).map(({ name }) => name).join(",") || "telegram,x" }) : "";
}

/** What is chosen is then told apart by what is not. */
function only(choice) { choose(choice); ask(); at("headline").scrollIntoView({ block: "nearest" }); }

const fetchWhere = newest(
  async () => {
    const { by } = state, rollup_ms = panelRollup(status, rows.rollup_ms);
    return { by, ...(await fetchJson("/api/where", { ...common(status), rollup_ms, by, limit: Math.max(PANELS, state.languages.length) })) };
  },
  (found) => { where = found; draw(); },
  (error) => { complain(error); draw(); },
);

const refreshWhere = soon(() => rows && fetchWhere(), HEADLINE_MS);

function exampleParameters() {
  const { share, among, source, ...when } = common(status), { base, of } = pairOf(status);
  const tags = base === "all" ? of : [base, ...of];
  return { ...(picked ? { from_ms: picked.from_ms, to_ms: picked.to_ms } : when), language: picked?.language ?? among ?? EVERY, ...(picked?.source ? { source: picked.source } : source ? { source } : {}), tag: [...new Set(tags)].join(",") };
}

const refreshBehind = soon(newest(
  async () => (rows ? fetchBehind(status, rows, pairOf(status)) : null),
  (found) => { behind = found; draw(); },
  (error) => { behind = null; complain(error); draw(); },
), HEADLINE_MS);

/** Show the posts of a point of a chart, until something else is asked for. */
function pick(from_ms, to_ms, language, source) {
  picked = { from_ms, to_ms, language: language === EVERY && state.languages.length ? state.languages.join(",") : language, source: status.sources.length ? source : null };
  at("posts-all").hidden = false;
  refreshExamples();
  at("posts-title").scrollIntoView({ block: "nearest" });
}

function unpick() { picked = null; at("posts-all").hidden = true; refreshExamples(); }

/** Whether there are languages that could have a chart and were not there when it was asked. */
const hasNewLanguages = () => followed !== null && shownLanguages(status).length > followed.length;

/** Ask anew if what is wanted is not what is being followed: what is waited for first, and all else once it is seen. */
async function ask() {
  const wanted = JSON.stringify([common(status), state.rollup, state.languages]), isNew = wanted !== asked && hasTopic(status);
  // Sent before anything is drawn: the answers are on their way meanwhile.
  const answers = isNew ? Promise.all([fetchJson("/api/headline", common(status)), fetchJson("/api/counts", leadParameters(status))]) : null;
  examplesOf = null;
  unpick();
  drawChoice();
  if (!hasTopic(status)) return;
  at("embed-code").value = `<iframe src="${location.origin}${link("/embed")}" width="720" height="360" title="sandik"></iframe>`;
  if (!isNew) { refreshBehind(); draw(); return; }
  asked = wanted;
  try {
    const [told, counts] = await answers;
    if (wanted !== asked) return; // something else has been asked for since
    [headline, rows, problem] = [told, new Rows(counts), null];
  } catch (error) {
    if (wanted === asked) { asked = null; problem = error; draw(); }
    return;
  }
  following?.stop();
  drawLead();
  afterPaint(() => { if (wanted === asked) followAll(); });
}

/** Follow the rows of all languages, and fetch what stands below the lead chart. */
function followAll() {
  followed = shownLanguages(status);
  const query = parameters(status, rows.rollup_ms);
  at("json").href = `/api/counts?${new URLSearchParams(query)}`;
  at("feed").href = `/api/bursts.atom?${new URLSearchParams(query)}`;
  following = follow(query, { start, rows: take, status: look, lost: (error) => { problem = error; draw(); } });
  fetchWhere();
}

function start(counts) { rows = new Rows(counts); problem = null; if (counts.version !== headline.version) refreshHeadline(); refreshBehind(); draw(); }
function take(counts) { rows?.add(counts); refreshHeadline(); refreshWhere(); if (behind && behind.first_ms !== rows.starts()[0]) refreshBehind(); draw(); }

function look(news) {
  status = news;
  problem = null;
  if (hasNewLanguages()) asked = null;
  if (asked === null && hasTopic(status)) { suitSpan(status); ask(); }
  const examples = JSON.stringify([status.examples_version, status.mentions.state]);
  if (examples !== examplesOf) { examplesOf = examples; refreshExamples(); if (where?.origin === "mentions") refreshWhere(); }
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
  at("method").href = state.interface ? `/method?lang=${encodeURIComponent(state.interface)}` : "/method";
  document.documentElement.dataset.theme = state.theme;
  sayAll();
}

/** On a phone, what follows comes first. */
at("how").open = matchMedia("(min-width: 40.01rem)").matches;

/** What a picture of the lead chart says above it. */
const caption = () => [at("headline").textContent, `${at("share-interval").textContent} · ${at("zone").textContent}`];
const plain = (name) => name.replace(/[^\p{L}\p{N}]+/gu, "-");
const fileName = (part = null) => `sandik-${plain(tagName(pairOf(status).name))}-${new Date(headline.now.to_ms).toISOString().slice(0, 16).replace(":", "")}Z${part === null ? "" : `-${plain(part)}`}`;
const fileTags = () => ["all", ...tagsOf(pairOf(status)).filter((tag) => tag !== "all")];

at("take-csv").addEventListener("click", () => rows && takeCsv(asCsv("language", fileTags(), rows.told(fileTags())), fileName()));
at("take-svg").addEventListener("click", () => rows && takeSvg(lead.svg, caption(), fileName()));
at("take-png").addEventListener("click", () => rows && takePng(lead.svg, caption(), fileName()));
at("take-full").addEventListener("click", () => lead.fill());
at("embed-code").addEventListener("focus", () => at("embed-code").select());
writeNotes(() => picked?.from_ms ?? rows?.starts().at(-1) ?? null, draw);
at("interface").addEventListener("change", (event) => { choose({ interface: event.target.value }); dress(); if (status) ask(); });
at("theme").addEventListener("change", (event) => { choose({ theme: event.target.value }); dress(); });
at("texts").addEventListener("change", (event) => { choose({ texts: event.target.checked }); refreshExamples(); });
for (const by of ["language", "source"]) at(`by-${by}`).addEventListener("click", () => { choose({ by }); if (rows) fetchWhere(); });
at("reset").addEventListener("click", () => { choose({ languages: [], sources: [] }); ask(); });
at("posts-all").addEventListener("click", unpick);
at("form").addEventListener("submit", (event) => event.preventDefault());
onBack(() => { dress(); if (status) { if (rows) fetchWhere(); ask(); } });

dress();
begin();
