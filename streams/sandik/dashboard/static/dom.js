// Elements from values. Text always goes in as text: nothing on this page is ever parsed as HTML.

/** Return a new element; attributes that are null or false are left out, handlers are given as functions. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
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
