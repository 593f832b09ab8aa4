// Exams out of their reports: the ladder with its intervals, and a row item by item when somebody asks.

import { count, facts, field, h, interval, percent, table } from "./dom.js";
import { get } from "./ask.js";

export async function exams() {
  const { exams: all } = await get("/api/exams");
  const view = h("div", { class: "view" }, h("h1", {}, "Exams"));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "No report lies in the folder of reports. Type ", h("code", {}, "nightschool exam sorting"),
      ", or start the server with --reports and the folder that holds them."));
    return view;
  }
  const detail = h("section", { class: "detail", "aria-live": "polite" });
  const rows = all.map((exam) => {
    const open = h("button", { class: "link", disabled: exam.broken, onclick: () => pick(exam.name, detail) }, exam.title || exam.name);
    return h("tr", {}, h("th", { scope: "row" }, open), h("td", { class: "code" }, exam.name), h("td", {}, exam.model ?? ""),
      h("td", {}, exam.task ?? ""), h("td", { class: "number" }, exam.items ? count(exam.items) : ""),
      h("td", {}, exam.broken ?? exam.headline ?? ""));
  });
  view.append(table("Reports in the folder of reports", [{ name: "Report" }, { name: "Folder" }, { name: "Model" }, { name: "Task" },
    { name: "Items", number: true }, { name: "Notes" }], rows), detail);
  const whole = all.filter((exam) => !exam.broken);
  if (whole.length > 1) view.append(against(whole));
  if (all.length === 1 && !all[0].broken) await pick(all[0].name, detail);
  return view;
}

// Any two reports against each other, in each way that both sat, over the items they share.
function against(all) {
  const choose = (label, at) => field(label, h("select", {}, all.map((exam, i) => h("option", { value: exam.name, selected: i === at }, `${exam.name} (${exam.model ?? ""})`))));
  const [first, second] = [choose("Compare", 0), choose("with", 1)];
  const found = h("div", { "aria-live": "polite" });
  const form = h("form", { class: "compare", onsubmit: async (event) => {
    event.preventDefault();
    const [a, b] = [first, second].map((each) => each.querySelector("select").value);
    try {
      const { pairs } = await get(`/api/compare?first=${encodeURIComponent(a)}&second=${encodeURIComponent(b)}`);
      found.replaceChildren(table(`${b} against ${a}: difference in points, tests adjusted together`, [{ name: "Way" }, { name: "Difference", number: true },
        { name: "95% interval", number: true }, { name: "p (Holm)", number: true }, { name: "Items", number: true }, { name: "Power for 10 points", number: true }],
      pairs.map(({ row, comparison: c, power }) => h("tr", {}, h("th", { scope: "row" }, row), number(points(c.difference)),
        number(`${points(c.low)} to ${points(c.high)}`), number(c.adjusted === null ? "" : c.adjusted.toPrecision(2)), number(count(c.n)), number(percent(power))))));
    } catch (error) {
      found.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  } }, first, second, h("button", {}, "Compare"));
  return h("section", { class: "detail", "aria-label": "Comparison" }, h("h2", {}, "One against another"), form, found);
}

const number = (words) => h("td", { class: "number" }, words);
const points = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;

async function pick(name, detail) {
  const data = await get(`/api/exams/${encodeURIComponent(name)}`);
  const items = h("div", { class: "detail" });
  const parts = [h("h2", {}, data.title || name)];
  if (data.headline) parts.push(h("p", {}, data.headline));
  parts.push(facts([["model", data.model ?? data.exam?.model], ["task", data.task ?? data.exam?.task], ["seed", data.exam?.seed],
    ["whole report", data.page && h("a", { href: data.page, target: "_blank", rel: "noopener" }, "open its own page")]]));
  if (data.gate) {
    parts.push(h("p", {}, h("span", { class: `tag ${data.gate.accepted ? "good" : "bad"}` }, data.gate.accepted ? "night accepted" : "night refused"),
      " ", data.gate.reason));
  }
  for (const warning of [...(data.warnings ?? []), ...(data.exam?.warnings ?? [])]) parts.push(h("p", { class: "small" }, "⚠ ", warning));
  const rows = (data.exam?.rungs ?? []).map((row) => h("tr", {},
    h("th", { scope: "row" }, row.unavailable ? row.name
      : h("button", { class: "link", onclick: () => list(name, row.name, items) }, row.name)),
    h("td", { class: "number" }, row.unavailable ? "" : percent(row.accuracy)),
    h("td", {}, row.unavailable ? h("span", { class: "faint" }, row.unavailable) : interval(row.accuracy, row.low, row.high)),
    h("td", { class: "number" }, count(row.n ?? 0)), h("td", { class: "number" }, count(row.tokens ?? 0)),
    h("td", { class: "small faint" }, [row.missing && `${row.missing} missing`, row.cut && `${row.cut} cut off`,
      row.never && `not for use: ${row.never}`].filter(Boolean).join(", "))));
  if (rows.length) {
    parts.push(table("The ladder; a row opens its items", [{ name: "Way" }, { name: "Right", number: true }, { name: "95% interval, 0 to 100%" },
      { name: "Items", number: true }, { name: "Tokens", number: true }, { name: "Notes" }], rows));
  }
  detail.replaceChildren(...parts, items);
}

async function list(exam, row, place, offset = 0) {
  const told = await get(`/api/exams/${encodeURIComponent(exam)}/items?row=${encodeURIComponent(row)}&offset=${offset}`);
  if (!offset) place.replaceChildren(h("h3", {}, `${row}: ${count(told.of)} items`));
  for (const item of told.items) {
    const right = item.outcome === null ? h("span", { class: "tag" }, "missing")
      : h("span", { class: `tag ${item.outcome > 0.5 ? "good" : "bad"}` }, item.outcome === 1 ? "right" : item.outcome === 0 ? "wrong" : percent(item.outcome));
    const asked = Object.values(item.inputs ?? {}).join(" ");
    place.append(h("details", { class: "item" }, h("summary", {}, right, " ", h("span", { class: "code" }, asked.slice(0, 90)),
      " → ", h("span", { class: "code" }, String(item.answers[0] ?? "").trim().slice(0, 60))),
      facts([["true answer", item.target], ["the critic", item.feedback], ["missing", item.missing], ["tokens", count(item.tokens)]]),
      h("h4", { class: "small faint" }, "Prompt"), h("pre", {}, item.prompt),
      h("h4", { class: "small faint" }, "Answers"), item.answers.map((answer) => h("pre", {}, answer))));
  }
  place.querySelector(".more")?.remove();
  const next = offset + told.items.length;
  if (next < told.of) {
    place.append(h("button", { class: "more", onclick: () => list(exam, row, place, next) }, `More (${count(told.of - next)} left)`));
  }
  if (!offset) place.scrollIntoView({ block: "nearest" });
}
