// Elements from values. Text always goes in as text: nothing on this page is ever parsed as HTML.

/** Return a new element; attributes that are null or false are left out, handlers are given as functions. */
export const el = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);

/** The same for a drawing. */
export const svg = (name, attributes = {}, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return the element with that id. */
export const at = (id) => document.getElementById(id);

/** Call `work` soon, and once however often it is asked for within `pause_ms`. */
export function soon(work, pause_ms) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; work(); }, pause_ms);
  };
}

/** A time as a field of that kind takes it: local, without a zone. */
export const local = (ms) => (ms === null ? "" : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16));

/** Call `work` once what has been drawn can be seen; nobody waits for it while the page is hidden. */
export const afterPaint = (work) => (document.hidden ? setTimeout(work) : requestAnimationFrame(() => setTimeout(work)));
