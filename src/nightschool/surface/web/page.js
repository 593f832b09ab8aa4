// Which view is shown: the part of the address behind # says it (#exams/NAME), so that every view has an address.

import { h } from "./dom.js";
import { get } from "./ask.js";
import { Chat } from "./chat.js";

const main = document.getElementById("main");
const later = (name) => async (rest) => (await import(`./${name}.js`))[name](rest);
const views = { memory: later("memory"), nights: later("nights"), exams: later("exams"), society: later("society") };
let chat = null;
let shown = 0;

async function chatView() {
  if (!chat) {
    const state = await get("/api/state");
    document.getElementById("version").textContent = state.version;
    chat = new Chat(state);
  }
  return chat.view;
}

async function show() {
  const mine = ++shown;
  const [first, ...rest] = location.hash.slice(1).split("/");
  if (location.hash === "#main") return main.focus();
  const name = first in views ? first : "chat";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} · nightschool`;
  document.body.classList.toggle("whole", name === "chat");
  let view;
  try {
    view = name === "chat" ? await chatView() : await views[name](decodeURIComponent(rest.join("/")));
  } catch (error) {
    view = h("div", { class: "view" }, h("p", { class: "wrong", role: "alert" }, error.message));
  }
  if (mine !== shown) return;  // somebody went on to another view meanwhile
  main.replaceChildren(view);
  if (view === chat?.view) chat.text.focus();
  else scrollTo(0, 0);
}

addEventListener("hashchange", show);
show();
