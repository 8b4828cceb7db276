// Words in the reader's language; numbers and times as the reader's browser writes them.

import en from "./words.en.js";
import ru from "./words.ru.js";
import tr from "./words.tr.js";

const WORDS = { en, tr, ru }, DAY = { day: "numeric", month: "short", year: "numeric" }, MANY_DAYS_MS = 3 * 86_400_000;
let language = "en", locale = "en", formats = new Map();

/** Choose the interface: one of WORDS, or what the browser prefers most. */
export function setInterface(wanted) {
  const preferred = navigator.languages.find((tag) => tag.slice(0, 2) in WORDS);
  language = wanted in WORDS ? wanted : (preferred ?? "en").slice(0, 2);
  // The reader's own region, where it speaks the interface's language: en-GB writes dates as en-US does not.
  locale = navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language;
  formats = new Map();
  document.documentElement.lang = language;
  return language;
}

/** Return the sentence of that name, its {places} filled. */
export function say(name, values = {}) {
  const sentence = WORDS[language][name] ?? en[name] ?? name;
  return sentence.replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "");
}

/** Fill the page's fixed words in. */
export function sayAll() {
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-zone]")) element.textContent = say("zone", { zone: zone() });
}

/** The zone that times are told in. */
export const zone = () => formatOf("DateTimeFormat").resolvedOptions().timeZone;

export const number = (value) => formatOf("NumberFormat").format(value);

export const tenths = (value) => formatOf("NumberFormat", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);

/** Return a share as streams/sandik/figures/shares.py does: 0.02 %, never 0 % for a few, nor 100 % for not quite all. */
export const percent = (value) => percentsWith(digitsOf(value)).format(value);

function digitsOf(value) {
  const small = Number((Math.min(value, 1 - value) * 100).toFixed(8));
  const digits = small > 0 && (small <= 0.5 || value < 0.01) ? 1 - Math.floor(Math.log10(small)) : value < 0.1 ? 1 : 0;
  return Math.min(digits, 6);
}

/** Return a share as a column has it: with one decimal, and more only where that would be 0 % or 100 %. */
export function columnPercent(value) {
  const told = fixedPercents(1).format(value);
  return told === fixedPercents(1).format(Math.round(value)) ? fixedPercents(Math.max(1, digitsOf(value))).format(value) : told;
}

/** Return an interval as a column has it, with as many digits as it takes to tell its ends apart. */
export function columnEnds({ low, high }) {
  const told = [columnPercent(low), columnPercent(high)];
  for (let digits = 2; low < high && told[0] === told[1] && digits <= 4; digits++) told.splice(0, 2, fixedPercents(digits).format(low), fixedPercents(digits).format(high));
  return told.join("–");
}

const fixedPercents = (digits) => formatOf("NumberFormat", { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Return the ends of an interval with as many digits as it takes to tell them apart. */
export function ends({ low, high }) {
  const told = [percent(low), percent(high)];
  for (let digits = 1; low < high && told[0] === told[1] && digits <= 4; digits++) told.splice(0, 2, percentsWith(digits).format(low), percentsWith(digits).format(high));
  return { low: told[0], high: told[1] };
}

const percentsWith = (digits) => formatOf("NumberFormat", { style: "percent", maximumFractionDigits: digits });

/** Return a share as whole percents: a bound of a measurement, of some dozens of texts. */
export const wholePercent = (value) => percentsWith(0).format(value);

/** Return a time, as exactly as steps of `step_ms` need. A day's step is a day in UTC. */
export function time(ms, step_ms = 60_000) {
  const isDay = step_ms >= 86_400_000;
  const parts = isDay ? { dateStyle: "medium", timeZone: "UTC" } : { dateStyle: "medium", timeStyle: step_ms < 60_000 ? "medium" : "short" };
  return formatted(ms, parts);
}

/** Return a time from and to, the day once where it is the same: days alone where both are one, or where many are not told exactly. */
export function timeRange(from_ms, to_ms, isZoned = false, isExact = true) {
  const isDays = to_ms - from_ms >= MANY_DAYS_MS && (!isExact || [from_ms, to_ms].every(isMidnight));
  const hours = { hour: "2-digit", minute: "2-digit", ...(isZoned ? { timeZoneName: "short" } : {}) };
  const told = formatOf("DateTimeFormat", isDays ? DAY : { ...DAY, ...hours }).formatRange(from_ms, isDays ? to_ms - 1 : to_ms);
  return told.replace("–", "\u2060–\u2060").replaceAll(" г.", "\u00a0г.");
}

const isMidnight = (ms) => new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;

/** Return how long ago something was, in the largest unit that there are two of. */
export function age(ms) {
  const units = [["year", 365.25 * 86_400_000], ["month", 30.44 * 86_400_000], ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1_000]];
  const [unit, unit_ms] = units.find(([, one_ms]) => ms >= 2 * one_ms) ?? units.at(-1);
  return formatOf("RelativeTimeFormat").format(-Math.max(0, Math.floor(ms / unit_ms)), unit);
}

/** Return a label for an axis: the hour, and the date where a day begins. */
export function axisTime(ms, step_ms, withDate) {
  const hour = { hour: "2-digit", minute: "2-digit", ...(step_ms < 60_000 ? { second: "2-digit" } : {}) };
  const date = { day: "numeric", month: "short", ...(withDate === "year" ? { year: "2-digit" } : {}), ...(step_ms >= 86_400_000 ? { timeZone: "UTC" } : {}) };
  return formatted(ms, withDate ? date : hour);
}

const formatted = (ms, parts) => formatOf("DateTimeFormat", parts).format(ms);

/** Making a format takes a hundred times as long as using it. */
function formatOf(kind, options = {}) {
  const key = kind + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl[kind](locale, options));
  return formats.get(key);
}

export function duration(ms) {
  const [name, unit_ms] = ms >= 3_600_000 ? ["size_hours", 3_600_000] : ms >= 60_000 ? ["size_minutes", 60_000] : ["size_seconds", 1_000];
  return say(name, { n: number(ms / unit_ms) });
}

/** What posts are about, in a sentence. */
export const aboutName = (tag) => (`about_${tag}` in en ? say(`about_${tag}`) : tag);

export function tagName(tag) {
  return `tag_${tag}` in en ? say(`tag_${tag}`) : tag;
}

/** Whether the pair is that of the built-in lexicon, which the page has plain words for. */
export const isUsual = (pair) => pair.base === "election" && pair.of.length === 2 && pair.of.includes("deepfake");

/** What the share of a pair is called. */
export function pairTitle(pair) {
  if (isUsual(pair)) return say("shareUsual");
  const { base, of } = pair;
  return say("shareTitleOf", { base: tagName(base), others: of.filter((tag) => tag !== base).map(tagName).join(", ") });
}

/** A difference of shares in percentage points: one decimal below ten, two figures below a tenth. */
export function points(difference, isSigned = false) {
  const value = Number((difference * 100).toFixed(4)), size = Math.abs(value);
  const digits = size >= 10 ? 0 : size >= 0.1 || !size ? 1 : 1 - Math.floor(Math.log10(size));
  const format = formatOf("NumberFormat", { maximumFractionDigits: Math.min(digits, 4), signDisplay: isSigned ? "exceptZero" : "auto" });
  return isSigned ? format.format(value) : say("points", { n: format.format(value) });
}

/** Names of languages as a sentence lists them. */
export const languageList = (codes) => formatOf("ListFormat", { type: "conjunction" }).format(codes.map(languageName));

export function languageName(code) {
  if (code.includes("+")) return code.split("+").map(languageName).join(" + ");
  if (code === "*") return say("every");
  if (code === "und") return say("undetermined");
  try { return formatOf("DisplayNames", { type: "language" }).of(code) ?? code; } catch { return code; }
}

/** What posts of a source are named by; `other` are those of no source that is counted apart. */
export const sourceName = (source) => (source === "other" ? say("otherSources") : source);

/** Names of sources as a sentence lists them. */
export const sourceList = (sources) => formatOf("ListFormat", { type: "conjunction" }).format(sources.map((one) => (one === "other" ? say("otherSourcesOf") : one)));
