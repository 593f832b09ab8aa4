// What is remembered: a drawing of how all of it fades, then the memories themselves, newest first or called up by a cue;
// to be added, changed, forgotten.

import { count, facts, field, h, percent } from "./dom.js";
import { get, post, send } from "./ask.js";
import { fading, oneCurve } from "./fading.js";

const clock = (seconds) => new Date(1000 * seconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOf = (seconds) => new Date(1000 * seconds).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

export async function memory() {
  const cue = h("input", { type: "search", placeholder: "where is the key?", autocomplete: "off" });
  const list = h("ol", { class: "timeline", "aria-label": "Memories" });
  const picture = h("figure", { class: "fading" });
  const said = h("p", { class: "small sub", role: "status", "aria-live": "polite" });
  const text = h("input", { placeholder: "The spare key is in the blue jar", autocomplete: "off" });
  const place = { list, picture, said, told: [] };
  const show = () => fill(place, cue.value.trim(), 0);
  const search = h("form", { class: "ask", role: "search", onsubmit: (event) => { event.preventDefault(); show(); } },
    field("Search by a cue", cue), h("button", {}, "Recall"));
  const add = h("form", { class: "ask", onsubmit: async (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    try {
      await post("/api/memories", { text: text.value });
      text.value = cue.value = "";
      await show();
    } catch (error) {
      said.textContent = error.message;
    }
  } }, field("Remember", text), h("button", { class: "strong" }, "Keep"));
  await show();
  return h("div", { class: "view" }, h("h1", {}, "Memory"), h("div", { class: "pair" }, search, add), picture, said, list);
}

async function fill(place, cue, offset) {
  const { list, said } = place;
  const query = cue ? `?q=${encodeURIComponent(cue)}` : `?offset=${offset}`;
  const told = await get(`/api/memories${query}`);
  if (!offset) {
    list.replaceChildren();
    place.told = [];
    place.day = "";
  }
  list.querySelector(".more")?.remove();
  said.textContent = cue ? `${count(told.count)} called up, best first` : told.count ? `${count(told.count)} kept, newest first`
    : "Nothing is kept yet. Keep a text here, talk with memory on, or type: nightschool remember TEXT";
  for (const each of told.memories) {
    if (!cue && dayOf(each.time) !== place.day) list.append(h("li", { class: "day" }, place.day = dayOf(each.time)));
    list.append(entry(each, said, Boolean(cue)));
  }
  place.told.push(...told.memories);
  place.picture.replaceChildren(...fading(place.told, (id) => document.getElementById(`memory-${id}`)?.scrollIntoView({ block: "center" })));
  const next = offset + told.memories.length;
  if (!cue && next < told.count) {
    list.append(h("li", { class: "more" }, h("button", { onclick: () => fill(place, cue, next) }, `More (${count(told.count - next)} left)`)));
  }
}

// One entry. dated: with its day, where it is not under one.
function entry(each, said, dated) {
  const place = h("li", { class: `memory${each.superseded_by ? " superseded" : ""}`, id: `memory-${each.id}` });
  const detail = h("div", { class: "detail", hidden: true });
  const open = h("button", { class: "link", "aria-expanded": "false", onclick: async () => {
    const closed = detail.hidden;
    if (closed && !detail.hasChildNodes()) detail.append(...await about(each, place, said, dated));
    detail.hidden = !closed;
    open.setAttribute("aria-expanded", String(closed));
  } }, "more about it");
  const why = each.parts && Object.entries(each.parts).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 4)
    .map(([name, value]) => `${name} ${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`).join(", ");
  place.append(
    h("div", { class: "top" }, h("p", { class: "words" }, each.text), oneCurve(each.curve)),
    h("p", { class: "small sub when" }, `${dated ? `${dayOf(each.time)}, ` : ""}${clock(each.time)} · ${each.who || each.source}`,
      each.tags.length ? ` · ${each.tags.join(", ")}` : "", each.superseded_by && h("span", { class: "flag" }, "superseded"),
      each.marked && h("span", { class: "flag gold" }, "marked")),
    h("div", { class: "measures" }, measure("salience", each.salience, "dawn"), measure("left", each.left, "night"), open),
    why ? h("p", { class: "small sub" }, `score ${each.score.toFixed(2)}: ${why}; found by ${each.ways.join(", ")}`) : "",
    detail);
  return place;
}

function measure(name, share, colour) {
  const words = `${name} ${percent(share)}`;
  return h("span", { class: "measure small" }, words, h("span", { class: `gauge ${colour}`, role: "img", "aria-label": words, "--share": share }, h("i")));
}

async function about(each, place, said, dated) {
  const told = await get(`/api/memories/${each.id}`);
  const parts = [facts([["id", h("code", {}, told.id)], ["conversation", told.session], ["stable for", told.stability_days && `${told.stability_days.toFixed(1)} days`],
    ["recalled", `${count(told.recalls)} times`], ["reward", told.reward], ["surprise", told.surprise && `${told.surprise.toFixed(2)} nats a token`],
    ["superseded by", told.superseded_by]])];
  for (const link of told.links) {
    const [verb, other] = link.from === told.id ? [link.kind, link.to] : [`is reached from here: ${link.kind}`, link.from];
    parts.push(h("p", { class: "small" }, `${verb}: `, link.text || other));
  }
  parts.push(h("figure", { class: "fading" }, fading([told])), edit(told, place, said, dated));
  return parts;
}

function edit(told, place, said, dated) {
  const text = h("textarea", { rows: 2, value: told.text });
  const tags = h("input", { value: told.tags.join(", ") });
  const marked = h("input", { type: "checkbox", checked: told.marked });
  const attempt = (work) => async (event) => {
    event.preventDefault();
    try {
      await work();
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const save = attempt(async () => {
    const listed = tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    const body = { marked: marked.checked };
    if (listed.join() !== told.tags.join()) body.tags = listed;
    if (text.value.trim() !== told.text) body.text = text.value;
    const changed = await send("PATCH", `/api/memories/${told.id}`, body);
    place.replaceWith(entry(changed, said, dated));
    said.textContent = "changed";
  });
  const drop = h("button", { type: "button" }, "Forget");
  drop.addEventListener("click", attempt(async () => {
    if (drop.textContent === "Forget") {
      drop.textContent = "Forget it for good?";
      drop.classList.add("danger");
      return;
    }
    await send("DELETE", `/api/memories/${told.id}`);
    place.remove();
    said.textContent = "forgotten, with all that was made of it";
  }));
  return h("form", { class: "edit", onsubmit: save }, field("Text", text), field("Tags", tags),
    h("label", { class: "check" }, marked, " it matters: let it fade slowly"), h("p", { class: "row" }, h("button", { class: "strong" }, "Save"), drop));
}
