// What is remembered: newest first or called up by a cue, with how it fades; to be added, changed, forgotten.

import { count, facts, field, h, percent, svg } from "./dom.js";
import { get, post, send } from "./ask.js";

const day = 86400;
const date = (seconds) => new Date(1000 * seconds).toISOString().slice(0, 16).replace("T", " ");

export async function memory() {
  const cue = h("input", { type: "search", placeholder: "where is the key?", autocomplete: "off" });
  const list = h("ol", { class: "timeline", "aria-label": "Memories" });
  const said = h("p", { class: "small faint", role: "status", "aria-live": "polite" });
  const text = h("textarea", { rows: 2, placeholder: "The spare key is in the blue jar" });
  const show = () => fill(list, said, cue.value.trim(), 0);
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
  return h("div", { class: "view" }, h("h1", {}, "Memory"), h("div", { class: "pair" }, search, add), said, list);
}

async function fill(list, said, cue, offset) {
  const query = cue ? `?q=${encodeURIComponent(cue)}` : `?offset=${offset}`;
  const told = await get(`/api/memories${query}`);
  if (!offset) list.replaceChildren();
  list.querySelector(".more")?.remove();
  said.textContent = cue ? `${count(told.count)} called up, best first` : told.count ? `${count(told.count)} kept, newest first`
    : "Nothing is kept yet. Keep a text here, talk with memory on, or type: nightschool remember TEXT";
  for (const each of told.memories) list.append(entry(each, said));
  const next = offset + told.memories.length;
  if (!cue && next < told.count) {
    list.append(h("li", { class: "more" }, h("button", { onclick: () => fill(list, said, cue, next) }, `More (${count(told.count - next)} left)`)));
  }
}

// One entry; `changed` puts another in its place.
function entry(each, said) {
  const place = h("li", { class: "memory" });
  const detail = h("div", { class: "detail", hidden: true });
  const open = h("button", { class: "link", "aria-expanded": "false", onclick: async () => {
    const closed = detail.hidden;
    if (closed && !detail.hasChildNodes()) detail.append(...await about(each, place, said));
    detail.hidden = !closed;
    open.setAttribute("aria-expanded", String(closed));
  } }, "more about it");
  const why = each.parts && Object.entries(each.parts).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 4)
    .map(([name, value]) => `${name} ${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`).join(", ");
  place.append(
    h("p", { class: "when small faint" }, date(each.time), " · ", each.who || each.source,
      each.superseded_by ? h("span", {}, " · ", h("span", { class: "tag" }, "superseded")) : null,
      each.marked ? h("span", {}, " · ", h("span", { class: "tag gold" }, "marked")) : null),
    h("p", { class: "said" }, each.text),
    h("div", { class: "measures" }, measure("salience", each.salience), measure("left", each.left),
      h("span", { class: "small faint" }, each.tags.join(", "))),
    why ? h("p", { class: "small faint" }, `score ${each.score.toFixed(2)}: ${why}; found by ${each.ways.join(", ")}`) : null,
    open, detail);
  return place;
}

function measure(name, share) {
  const words = `${name} ${percent(share)}`;
  return h("span", { class: "measure small" }, words, h("span", { class: "gauge", role: "img", "aria-label": words, "--share": share }, h("i")));
}

async function about(each, place, said) {
  const told = await get(`/api/memories/${each.id}`);
  const parts = [facts([["id", told.id], ["conversation", told.session], ["stable for", told.stability_days && `${told.stability_days.toFixed(1)} days`],
    ["recalled", `${count(told.recalls)} times`], ["reward", told.reward], ["surprise", told.surprise && `${told.surprise.toFixed(2)} nats a token`],
    ["superseded by", told.superseded_by]])];
  if (told.curve.length) parts.push(curve(told.curve));
  for (const link of told.links) {
    const [verb, other] = link.from === told.id ? [link.kind, link.to] : [`is reached from here: ${link.kind}`, link.from];
    parts.push(h("p", { class: "small" }, `${verb}: `, link.text || other));
  }
  parts.push(edit(told, place, said));
  return parts;
}

// The forgetting curve: how likely it is still remembered, from its last recall on; a line stands at today.
function curve(points) {
  const [start, end] = [points[0][0], points.at(-1)[0]];
  const [wide, high] = [320, 90];
  const x = (moment) => (wide * (moment - start)) / (end - start || 1);
  const line = points.map(([moment, left], at) => `${at ? "L" : "M"}${x(moment).toFixed(1)} ${(high * (1 - left)).toFixed(1)}`).join("");
  const today = Math.min(end, Math.max(start, Date.now() / 1000));
  const words = `how it fades: ${percent(points[0][1])} at its last recall, ${percent(points.at(-1)[1])} after ${Math.round((end - start) / day)} days`;
  return h("figure", { class: "curve" },
    svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": words },
      svg("path", { d: `M0 ${high}H${wide}`, class: "axis" }), svg("path", { d: line, class: "line" }),
      svg("path", { d: `M${x(today).toFixed(1)} 0V${high}`, class: "today" })),
    h("figcaption", { class: "small faint" }, words));
}

function edit(told, place, said) {
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
    place.replaceWith(entry(changed, said));
    said.textContent = "changed";
  });
  const drop = h("button", { type: "button" }, "Forget");
  drop.addEventListener("click", attempt(async () => {
    if (drop.textContent === "Forget") {
      drop.textContent = "Forget it for good?";
      return;
    }
    await send("DELETE", `/api/memories/${told.id}`);
    place.remove();
    said.textContent = "forgotten, with all that was made of it";
  }));
  return h("form", { class: "edit", onsubmit: save }, field("Text", text), field("Tags", tags),
    h("label", { class: "check" }, marked, " it matters: let it fade slowly"), h("p", { class: "row" }, h("button", { class: "strong" }, "Save"), drop));
}
