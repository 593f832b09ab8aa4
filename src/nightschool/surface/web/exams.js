// Exams out of their reports, with the sections and the table of items that a report has itself; any two compared.

import { count, field, h, percent, points, table, written } from "./dom.js";
import { get } from "./ask.js";
import { fillWhenOpened } from "./items.js";

export const exams = (name) => (name ? one(name) : list());

async function list() {
  const { exams: all } = await get("/api/exams");
  const view = h("div", { class: "view" }, h("h1", {}, "Exams"));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "No report lies in the folder of reports. Type ", h("code", {}, "nightschool exam sorting"),
      ", or start the server with --reports and the folder that holds them."));
    return view;
  }
  const rows = all.map((exam) => h("tr", {},
    h("th", { scope: "row" }, exam.broken ? exam.name : h("a", { href: `#exams/${encodeURIComponent(exam.name)}` }, exam.title || exam.name)),
    h("td", { class: "code" }, exam.name), h("td", {}, exam.model ?? ""), h("td", { class: "n" }, exam.items ? count(exam.items) : ""),
    h("td", { class: exam.broken ? "bad" : "" }, exam.broken ?? exam.headline ?? "")));
  view.append(h("section", {}, table("In the folder of reports", ["Report", "Folder", "Model", "#Items", "In a sentence"], rows)));
  const whole = all.filter((exam) => !exam.broken);
  if (whole.length > 1) view.append(against(whole));
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
      found.replaceChildren(table(`${b} against ${a}: difference in points, tests adjusted together`,
        ["Way", "#Difference", "#95% interval", "#p (Holm)", "#Items", "#Power for 10 points"], pairs.map(compared)));
    } catch (error) {
      found.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  } }, first, second, h("button", { class: "strong" }, "Compare"));
  return h("section", { "aria-label": "Comparison" }, h("h2", {}, "One against another"), form, found);
}

function compared({ row, comparison: c, power }) {
  const surely = c.low > 0 ? "good" : c.high < 0 ? "bad" : "";
  const number = (words, kind = "") => h("td", { class: `n ${kind}` }, words);
  return h("tr", {}, h("th", { scope: "row" }, row), number(points(c.difference), surely), number(`${points(c.low)} to ${points(c.high)}`),
    number(c.adjusted === null ? "" : c.adjusted.toPrecision(2)), number(count(c.n)), number(percent(power)));
}

async function one(name) {
  const told = await get(`/api/exams/${encodeURIComponent(name)}`);
  const view = h("div", { class: "view" }, h("p", { class: "small" }, h("a", { href: "#exams" }, "← Exams"), ` · ${told.title || name}`,
    told.page && h("span", {}, " · ", h("a", { href: told.page, target: "_blank", rel: "noopener" }, "open its own page"))),
  h("h1", {}, told.headline), written(told.sections));
  const box = view.querySelector("#items-box");
  const page = (row, which, words, offset) => get(`/api/exams/${encodeURIComponent(name)}/items?row=${encodeURIComponent(row)}&which=${which}`
    + `&q=${encodeURIComponent(words)}&offset=${offset}`);
  if (box) fillWhenOpened(box, { rows: told.ways, page });
  return view;
}
