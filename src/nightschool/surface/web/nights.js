// The nights that were held: what the gate said of each, and what was learned.

import { count, facts, h, table } from "./dom.js";
import { get, post } from "./ask.js";

const held = (text) => String(text).slice(0, 16).replace("T", " ");
const points = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)} points`;

export async function nights() {
  const { nights: all } = await get("/api/nights");
  const view = h("div", { class: "view" }, h("h1", {}, "Nights"));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "No night was held yet. Type ", h("code", {}, "nightschool day sorting"),
      ": the model practises by day, and what it found becomes weights by night."));
    return view;
  }
  const detail = h("section", { class: "detail", "aria-live": "polite" });
  const rows = [...all].reverse().map((night) => {
    const open = h("button", { class: "link code", onclick: () => pick(night, row, detail) }, night.name);
    const row = h("tr", {}, h("th", { scope: "row" }, open), h("td", {}, held(night.created)), h("td", {}, night.model),
      h("td", {}, night.task), h("td", {}, gate(night), night.in_force ? h("span", { class: "tag gold" }, " in force") : null),
      h("td", { class: "number" }, count(night.lessons)), h("td", { class: "number" }, count(night.steps)));
    return row;
  });
  const heads = ["Night", "Held", "Model", "Task", "Gate"].map((name) => ({ name }));
  view.append(table("Latest first; a name opens it", [...heads, { name: "Lessons", number: true }, { name: "Steps", number: true }], rows),
    detail);
  return view;
}

const gate = (night) => h("span", { class: `tag ${night.accepted ? "good" : "bad"}` }, night.accepted ? "accepted" : "refused");

// The switch is one row in the ledger, and can be undone by the next one.
function wake(night) {
  const said = h("span", { class: "faint small", role: "status" });
  const [name, words] = night.in_force ? ["none", `Let ${night.model} answer with its own weights`] : [night.name, "Wake this night"];
  const button = h("button", { onclick: async () => {
    try {
      await post(`/api/nights/${encodeURIComponent(name)}/wake`, { model: night.model });
      dispatchEvent(new HashChangeEvent("hashchange"));
    } catch (error) {
      said.textContent = error.message;
    }
  } }, words);
  return h("p", { class: "row" }, button, said);
}

async function pick(night, row, detail) {
  for (const other of row.parentElement.children) other.classList.toggle("picked", other === row);
  const told = await get(`/api/nights/${encodeURIComponent(night.name)}`);
  const parts = [h("h2", {}, "Night ", h("span", { class: "code" }, night.name)), h("p", {}, gate(night), " ", night.reason),
    facts([["model", night.model], ["task", night.task], ["after", night.parent ?? "the model's own weights"],
      ["weights", night.adapter], ["seed", night.seed], ["nightschool", night.version], ["name for clients", `${night.model}@night-${night.name}`]])];
  parts.push(wake(night));
  const watched = night.gate?.watched ?? [];
  if (watched.length) {
    const rows = watched.map((each) => h("tr", {}, h("th", { scope: "row" }, each.task ?? each.name ?? ""),
      h("td", { class: "number" }, typeof each.difference === "number" ? points(each.difference) : ""),
      h("td", { class: "number" }, typeof each.low === "number" ? `${points(each.low)} to ${points(each.high)}` : ""),
      h("td", { class: "number" }, each.n ? count(each.n) : ""), h("td", {}, each.kept === undefined ? each.note ?? "" : each.kept ? "kept" : "lost")));
    parts.push(table("What must not be lost", [{ name: "Watched" }, { name: "Change", number: true }, { name: "Interval", number: true },
      { name: "Items", number: true }, { name: "Verdict" }], rows));
  }
  for (const [name, data] of [["Gate", night.gate], ["Scores", night.scores], ["Settings", night.settings]]) {
    if (data && Object.keys(data).length) {
      parts.push(h("details", {}, h("summary", {}, name), h("pre", { class: "small code" }, JSON.stringify(data, null, 2))));
    }
  }
  const lessons = h("div", {});
  parts.push(h("details", {}, h("summary", {}, `Lessons (${count(told.of)})`), lessons));
  show(lessons, night.name, told, 0);
  detail.replaceChildren(...parts);
  detail.scrollIntoView({ block: "nearest" });
}

function show(place, name, told, offset) {
  for (const lesson of told.lessons) {
    const asked = lesson.prompt.text ?? (lesson.prompt.messages ?? []).map((turn) => `${turn.role}: ${turn.content}`).join("\n");
    place.append(h("div", { class: "lesson" }, h("p", { class: "small faint" }, `${lesson.source}, weight ${lesson.weight}`),
      h("pre", {}, asked), h("pre", {}, h("b", {}, lesson.answer))));
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
