// What explained a drawing: the concepts that competed for it, each bent over the ink, and how they stand.

import { h, percent, svg } from "./dom.js";
import { get } from "./ask.js";

export async function society() {
  const { recognitions: all } = await get("/api/recognitions");
  const view = h("div", { class: "view" }, h("h1", {}, "Society"),
    h("p", { class: "faint" }, "Every concept tries to explain a drawing by drawing it again; the best explanation wins."));
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
    view.append(h("p", { class: "small faint" }, "folder ", h("span", { class: "code" }, name), ", library version ", h("span", { class: "code" }, told.library)));
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
      h("figcaption", {}, h("span", { class: "gauge", role: "img", "aria-label": words, "--share": one.probability }, h("i")), h("b", {}, one.name), ` ${percent(one.probability)}`,
        h("span", { class: "small faint" }, `evidence ${one.nats.toFixed(1)} nats, fit ${one.fit.toFixed(2)}`)));
  });
  const rest = each.tries.length - tries.length;
  return h("section", { class: "explained", "aria-label": each.image }, h("h2", {}, h("span", { class: "code" }, each.image), " ",
    h("span", { class: `tag ${each.explained ? "good" : "bad"}` }, each.said)),
    h("div", { class: "tries" }, h("figure", {}, drawing("the drawing as it is"), h("figcaption", {}, "as it is")), tries),
    rest > 0 ? h("p", { class: "small faint" }, `${rest} more concepts explain it less well`) : null);
}
