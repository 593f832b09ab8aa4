// Which view is shown: the part of the address behind # says it, so that every view has an address.

import { h } from "./dom.js";
import { get } from "./ask.js";
import { Chat } from "./chat.js";
import { exams } from "./exams.js";
import { memory } from "./memory.js";
import { nights } from "./nights.js";
import { society } from "./society.js";

const main = document.getElementById("main");
const views = { memory, nights, exams, society };
let chat = null;

async function show() {
  const name = location.hash.slice(1) in views ? location.hash.slice(1) : "chat";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} · nightschool`;
  try {
    if (name === "chat") {
      if (!chat) {
        const state = await get("/api/state");
        document.getElementById("version").textContent = state.version;
        chat = new Chat(state);
      }
      main.replaceChildren(chat.view);
      chat.text.focus();
    } else {
      const view = await views[name]();
      main.replaceChildren(view);
    }
  } catch (error) {
    main.replaceChildren(h("div", { class: "view" }, h("p", { class: "wrong", role: "alert" }, error.message)));
  }
}

addEventListener("hashchange", show);
show();
