// What explained a drawing: the concepts that competed for it, each bent over the ink, what each says of the drawing and
// how strongly, and what is left of each once all have spoken.

import { h, percent, svg, table } from "./dom.js";
import { get } from "./ask.js";

export async function society() {
  const { recognitions: all } = await get("/api/recognitions");
  const view = h("div", { class: "view" }, h("h1", {}, "Society"),
    h("p", { class: "sub" }, "Every concept tries to explain a drawing by drawing it again; the best explanation wins."));
  if (!all.length) {
    view.append(h("p", { class: "note" }, "Nothing was recognised yet. Type ", h("code", {}, "nightschool concept add NAME IMAGE"), ", then ",
      h("code", {}, "nightschool recognise IMAGE"), ", in the folder that this server was started in."));
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
  }
  return view;
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
    h("div", { class: "figures" }, h("figure", {}, drawing("the drawing as it is"), h("figcaption", {}, "as it is")), tries), messages(each.tries));
}

// What each concept told the drawing, as a message: its evidence against that of the best.
function messages(tries) {
  const rows = tries.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), h("td", { class: "n" }, `${one.nats >= 0 ? "+" : "−"}${Math.abs(one.nats).toFixed(1)}`),
    h("td", { class: "n" }, one.fit.toFixed(2)), h("td", { class: "n" }, percent(one.probability))));
  return h("details", {}, h("summary", {}, `What ${tries.length === 1 ? "the one concept" : `all ${tries.length} concepts`} said of it`),
    table("A message is how much less likely a concept makes this drawing than the best one does, in nats; fit is how well its strokes lie on the ink, at best 1",
      ["Concept", "#Message (nats)", "#Fit", "#Posterior"], rows));
}
