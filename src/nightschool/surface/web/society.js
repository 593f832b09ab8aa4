// What explained a drawing: the concepts that competed for it, each bent over the ink, the messages that decided between
// them, and the verdict. Which concept drew it is one variable; each part of the evidence is a factor at it. And how words
// fought over a thing: every variable of their graph, with what each factor told it.

import { h, percent, svg, table } from "./dom.js";
import { get } from "./ask.js";

export async function society() {
  const { recognitions: all } = await get("/api/recognitions");
  const view = h("div", { class: "view" }, h("h1", {}, "Society"),
    h("p", { class: "sub" }, "Every concept tries to explain a drawing by drawing it again; the best explanation wins."));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "Nothing was recognised yet. Type ", h("code", {}, "nightschool concept add NAME IMAGE"), ", then ",
      h("code", {}, "nightschool recognise IMAGE"), ", or ", h("code", {}, "nightschool concept fight \"purple jar\""), ", in the folder that this server was started in."));
    return view;
  }
  for (const { name, broken } of all) {
    if (broken) {
      view.append(h("p", { class: "wrong" }, broken));
      continue;
    }
    const told = await get(`/api/recognitions/${encodeURIComponent(name)}`);
    view.append(h("p", { class: "small sub" }, "folder ", h("code", {}, name), ", library version ", h("code", {}, told.library)));
    for (const each of told.images) view.append(explained(each));
    for (const each of told.fights) view.append(fought(each));
  }
  return view;
}

function fought(each) {
  return h("section", { class: "explained", "aria-label": each.fight }, h("h2", {}, h("code", {}, each.fight), " ",
    h("span", { class: `flag ${each.holds ? "good" : "bad"}` }, each.holds ? "goes together" : "cannot be")),
    h("p", {}, each.said), h("p", { class: "small sub" }, `messages ${each.settled ? "settled" : "did not settle"} after ${each.rounds} rounds`),
    each.ports.map((one) => variable("port", one)), each.concepts.map((one) => variable("whether the thing is", one)));
}

// One variable of a fight: what each factor told it, in nats above an even chance, and the posterior that they add up to.
function variable(what, { name, values, messages: all }) {
  const levels = Object.keys(values);
  const most = Math.max(0.1, ...all.flatMap((one) => one.nats.map(Math.abs)));
  const rows = all.map((one) => h("tr", {}, h("th", { scope: "row" }, one.by), one.nats.map((value) => message(value, most))));
  rows.push(h("tr", { class: "sum" }, h("th", { scope: "row" }, "posterior"), levels.map((level) => h("td", { class: "n" }, percent(values[level])))));
  return table(`What each factor tells the variable “${what} ${name}”, in nats against an even chance`, ["Told by", ...levels.map((level) => `#${level}`)], rows);
}

function explained(each) {
  const [wide, high] = each.size;
  const drawing = (words, strokes, width) => svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": words },
    svg("path", { d: each.ink, class: strokes ? "ink pale" : "ink" }), strokes ? svg("path", { d: strokes, class: "stroke", "stroke-width": width }) : null);
  const tries = each.tries.filter((one) => one.strokes).map((one) => {
    const words = `${one.name}: ${percent(one.probability)}`;
    return h("figure", {}, drawing(`${one.name}, bent over the drawing`, one.strokes, one.width),
      h("figcaption", {}, h("span", { class: "gauge", role: "img", "aria-label": words, "--share": one.probability }, h("i")), h("b", {}, one.name), ` ${percent(one.probability)}`));
  });
  return h("section", { class: "explained", "aria-label": each.image }, h("h2", {}, h("code", {}, each.image), " ",
    h("span", { class: `flag ${each.explained ? "good" : "bad"}` }, each.said)),
    h("div", { class: "figures" }, h("figure", {}, drawing("the drawing as it is"), h("figcaption", {}, "as it is")), tries), fight(each.tries.filter((one) => one.strokes)), messages(each.tries));
}

const nats = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;

const message = (value, most) => h("td", { class: "n message", "--strength": Math.abs(value) / most, "data-side": value < 0 ? "against" : value > 0 ? "for" : "even" }, nats(value));

// The messages that the variable `which concept` gets, one from each factor: a number for every concept, less what the
// best one is told. Their sum is the verdict.
function fight(tries) {
  const factors = Object.keys(tries[0]?.terms ?? {});
  if (tries.length < 2 || !factors.length) return null;
  const [best] = tries;
  const most = Math.max(0.1, ...tries.flatMap((one) => factors.map((factor) => Math.abs(one.terms[factor] - best.terms[factor]))));
  const cell = (value) => message(value, most);
  const rows = factors.map((factor) => h("tr", {}, h("th", { scope: "row" }, factor), tries.map((one) => cell(one.terms[factor] - best.terms[factor]))));
  rows.push(h("tr", { class: "sum" }, h("th", { scope: "row" }, "together"), tries.map((one) => h("td", { class: "n" }, nats(one.nats)))),
    h("tr", { class: "sum" }, h("th", { scope: "row" }, "verdict"), tries.map((one) => h("td", { class: "n" }, percent(one.probability)))));
  return table(`How they fought: what each factor tells the variable “which concept”, in nats against what it tells of ${best.name}`,
    ["Factor", ...tries.map((one) => `#${one.name}`)], rows);
}

// What each concept told the drawing, as a message: its evidence against that of the best.
function messages(tries) {
  const rows = tries.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), h("td", { class: "n" }, nats(one.nats)),
    h("td", { class: "n" }, one.fit.toFixed(2)), h("td", { class: "n" }, percent(one.probability))));
  return h("details", {}, h("summary", {}, `What ${tries.length === 1 ? "the one concept" : `all ${tries.length} concepts`} said of it`),
    table("Evidence is how much less likely a concept makes this drawing than the best one does, in nats; fit is how well its strokes lie on the ink",
      ["Concept", "#Evidence (nats)", "#Fit", "#Posterior"], rows));
}
