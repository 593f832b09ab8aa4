// The nights that were held; of one what it selected and learned, how the loss fell, what the gate said; and waking.

import { count, facts, h, table, written } from "./dom.js";
import { get, post } from "./ask.js";

const held = (text) => String(text).slice(0, 16).replace("T", " ");
const gate = (night) => h("span", { class: `flag ${night.accepted ? "good" : "bad"}` }, night.accepted ? "accepted" : "rolled back");
const awake = (night) => night.in_force && h("span", { class: "flag gold" }, "in force");

export const nights = (name) => (name ? one(name) : list());

async function list() {
  const { nights: all } = await get("/api/nights");
  const view = h("div", { class: "view" }, h("h1", {}, "Nights"));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "No night was held yet. Type ", h("code", {}, "nightschool day sorting"),
      ": the model practises by day, and what it found becomes weights by night."));
    return view;
  }
  const rows = [...all].reverse().map((night) => h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#nights/${night.name}`, class: "code" }, night.name), awake(night)),
    h("td", {}, held(night.created)), h("td", {}, night.model), h("td", {}, night.task), h("td", {}, gate(night)),
    h("td", {}, night.parent ? h("a", { href: `#nights/${night.parent}`, class: "code" }, night.parent.slice(0, 8)) : h("span", { class: "sub" }, "its own weights")),
    h("td", { class: "n" }, count(night.lessons)), h("td", { class: "n" }, count(night.steps))));
  view.append(h("section", {}, table("Latest first", ["Night", "Held", "Model", "Task", "Gate", "After", "#Lessons", "#Steps"], rows)));
  watch(all);
  return view;
}

// A night that ends beside this server, or is woken elsewhere, is shown without being asked for.
function watch(before) {
  const state = (all) => all.map(({ name, in_force: awake }) => `${name} ${awake}`).join();
  const look = async () => {
    if (location.hash !== "#nights") return;
    const { nights: all } = await get("/api/nights").catch(() => ({ nights: before }));
    if (location.hash !== "#nights") return;
    if (state(all) === state(before)) setTimeout(look, 4000);
    else dispatchEvent(new HashChangeEvent("hashchange"));
  };
  setTimeout(look, 4000);
}

// The switch is one row in the ledger, and can be undone by the next one.
function wake(night) {
  const said = h("span", { class: "sub small", role: "status" });
  const [name, words] = night.in_force ? ["none", `Let ${night.model} answer with its own weights`] : [night.name, "Wake this night"];
  return h("p", { class: "row" }, h("button", { class: night.in_force ? "" : "strong", onclick: async () => {
    try {
      await post(`/api/nights/${encodeURIComponent(name)}/wake`, { model: night.model });
      dispatchEvent(new HashChangeEvent("hashchange"));
    } catch (error) {
      said.textContent = error.message;
    }
  } }, words), said);
}

async function one(name) {
  const told = await get(`/api/nights/${encodeURIComponent(name)}`);
  const { night } = told;
  const lessons = h("div");
  show(lessons, night.name, told, 0);
  const settings = Object.keys(night.settings ?? {}).length
    ? h("section", {}, h("details", { class: "fold" }, h("summary", {}, "Settings"), h("pre", {}, JSON.stringify(night.settings, null, 2)))) : "";
  return h("div", { class: "view" }, h("p", { class: "small" }, h("a", { href: "#nights" }, "← Nights")),
    h("h1", {}, `Night ${night.name.slice(0, 8)}`, gate(night), awake(night)),
    h("section", {}, facts([["name", h("code", {}, night.name)], ["held", held(night.created)], ["model", night.model], ["task", night.task],
      ["after", night.parent ? h("a", { href: `#nights/${night.parent}`, class: "code" }, night.parent) : "the model's own weights"],
      ["seed", night.seed], ["nightschool", night.version], ["clients ask", h("code", {}, `${night.model}@night-${night.name.slice(0, 8)}`)]]), wake(night)),
    written(told.sections),
    h("section", {}, h("details", { class: "fold" }, h("summary", {}, `Lessons (${count(told.of)})`), lessons)), settings);
}

function show(place, name, told, offset) {
  for (const lesson of told.lessons) {
    const asked = lesson.prompt.text ?? (lesson.prompt.messages ?? []).map((turn) => `${turn.role}: ${turn.content}`).join("\n");
    place.append(h("div", { class: "lesson" }, h("p", { class: "small sub" }, `${lesson.source}, weight ${lesson.weight}`),
      h("div", { class: "said" }, asked), h("div", { class: "said learned" }, lesson.answer)));
  }
  const next = offset + told.lessons.length;
  if (next < told.of) {
    const more = h("button", { onclick: async () => {
      const told = await get(`/api/nights/${encodeURIComponent(name)}?offset=${next}`);
      more.remove();
      show(place, name, told, next);
    } }, `More (${count(told.of - next)} left)`);
    place.append(more);
  }
}
