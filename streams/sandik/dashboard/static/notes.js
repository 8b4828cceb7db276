// Notes of the reader's own: kept by this browser, shown beside the operator's, taken away as the operator's file.

import { at, el, local } from "./dom.js";
import { save } from "./take.js";
import { say, time } from "./words.js";

const KEY = "sandik.notes", MOST = 100;
/** For what the browser does not keep: a private window. */
let own = read();

function read() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return found.filter((note) => Number.isFinite(note?.at_ms) && typeof note.text === "string");
  } catch { return []; }
}

function keep(notes) {
  own = notes.sort((a, b) => a.at_ms - b.at_ms).slice(-MOST);
  try { localStorage.setItem(KEY, JSON.stringify(own)); } catch { /* a private window */ }
}

/** Those of the operator and those of the reader, in the order of time. */
export const allNotes = (status) => [...status.notes, ...own].sort((a, b) => a.at_ms - b.at_ms);

/** The file that `sandik dashboard --notes` reads. A JSON string is a TOML string. */
export const asToml = () => own.map(({ at_ms, text }) => `[[note]]\nat = "${new Date(at_ms).toISOString()}"\ntext = ${JSON.stringify(text).replaceAll("\u007f", "\\u007f")}\n`).join("\n");

/** Let notes be written; `atOf()` is the time that a new one is about, `changed` is called after every change. */
export function writeNotes(atOf, changed) {
  const show = () => {
    at("note-list").replaceChildren(...own.map((note) => el("li", {}, `${time(note.at_ms)} · ${note.text} `,
      el("button", { type: "button", class: "link", "aria-label": `${say("noteRemove")}: ${note.text}`, click: () => { keep(own.filter((one) => one !== note)); show(); changed(); } }, say("noteRemove")))));
    at("note-file").hidden = !own.length;
  };
  at("notes").addEventListener("toggle", () => { if (at("notes").open) { at("note-at").value = local(atOf()); show(); at("note-text").focus(); } });
  at("note").addEventListener("submit", (event) => {
    event.preventDefault();
    const at_ms = new Date(at("note-at").value).getTime(), text = at("note-text").value.trim();
    if (!text || !Number.isFinite(at_ms)) return;
    keep([...own, { at_ms, text }]);
    at("note-text").value = "";
    show();
    changed();
  });
  at("note-file").addEventListener("click", () => save(new Blob([asToml()], { type: "application/toml" }), "notes.toml"));
}
