// How it is counted, in words: what the link beside the figures leads to.

import { state } from "./state.js";
import { say, sayAll, setInterface } from "./words.js";

setInterface(state.interface);
document.documentElement.dataset.theme = state.theme;
sayAll();
document.title = `${say("methodTitle")} · sandik`;
