// Every item and every answer of a report, as a table that is filled when it is opened: a part at a time, however many
// there are. Where they come from is the caller's: a report has them in itself, a server is asked for them.
//
// source: rows, the names of the ways; page(row, which, words, offset), a promise of { items, of }, where an item is
// { inputs, target, prompt, answers, outcome, feedback, tokens, missing }.

import { count, field, h } from "./dom.js";

const WHICH = [["all", "all"], ["failed", "not passed"], ["passed", "passed"], ["missing", "missing"]];
const said = (text) => text.trim() ? h("div", { class: "said" }, text) : h("div", { class: "said empty" }, "(nothing)");
const verdict = (outcome) => outcome === null ? ["gone", "missing"] : outcome === 1 ? ["pass", "passed"]
  : outcome === 0 ? ["fail", "failed"] : ["", `${Math.round(100 * outcome)}%`];

export function fillWhenOpened(box, source) {
  const row = h("select", {}, source.rows.map((name) => h("option", { value: name }, name)));
  const which = h("select", {}, WHICH.map(([value, name]) => h("option", { value }, name)));
  const words = h("input", { type: "search", placeholder: "in questions and answers" });
  const counted = h("p", { class: "sub", role: "status" });
  const body = h("tbody");
  const more = h("button", { type: "button", onclick: () => draw(body.children.length) }, "More");
  const heads = ["question", "answer", "right"].map((name) => h("th", {}, name));
  let asked = 0;

  async function draw(offset = 0) {
    const mine = ++asked;
    const { items, of } = await source.page(row.value, which.value, words.value.trim().toLowerCase(), offset);
    if (mine !== asked) return;  // somebody typed on meanwhile
    if (!offset) body.replaceChildren();
    body.append(...items.map(line));
    counted.textContent = `${count(body.children.length)} of ${count(of)} shown`;
    more.hidden = body.children.length >= of;
  }

  box.addEventListener("toggle", () => {
    if (!box.open || asked) return;
    for (const control of [row, which, words]) control.addEventListener("input", () => draw());
    box.append(h("div", { class: "controls" }, field("Way", row), field("Outcome", which), field("Search", words)), counted,
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Items" }, h("table", { class: "items" }, h("thead", {}, h("tr", {}, heads,
        h("th", { class: "n" }, "outcome"), h("th", { class: "n" }, "tokens"))), body)), more);
    draw();
  });
}

function line({ inputs, target, prompt, answers, outcome, feedback, tokens, missing }) {
  const several = Object.keys(inputs ?? {}).length > 1;
  const asked = Object.entries(inputs ?? {}).map(([name, value]) => said(several ? `${name}: ${value}` : String(value)));
  const whole = h("details", { ontoggle: () => {
    if (whole.open && whole.children.length === 1) whole.append(h("pre", {}, prompt ?? ""));
  } }, h("summary", {}, "prompt"));
  const told = answers.length > 1 ? h("details", {}, h("summary", {}, `${answers.length} answers`), answers.map(said)) : answers.map(said);
  const [kind, word] = verdict(outcome);
  return h("tr", {}, h("td", {}, asked, whole),
    h("td", {}, told, missing && h("div", { class: "sub" }, missing), feedback && h("div", { class: "sub" }, feedback)),
    h("td", {}, target === null || target === undefined ? h("span", { class: "sub" }, "unknown") : said(target)),
    h("td", { class: `n ${kind}` }, word), h("td", { class: "n" }, count(tokens)));
}
