// Elements out of words. Text is always set as text: what a model, a user or a file wrote is shown and never run.

export function h(tag, about = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, String(value));
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, about = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(about)) element.setAttribute(name, String(value));
  element.append(...children.flat().filter(Boolean));
  return element;
}

export function field(label, control) {
  control.id ||= `field-${++field.count}`;
  return h("div", {}, h("label", { for: control.id }, label), control);
}
field.count = 0;

export const percent = (rate) => (rate === null || rate === undefined ? "" : `${(100 * rate).toFixed(1)}%`);
export const count = (number) => Number(number).toLocaleString("en");

export function interval(value, low, high) {
  if (value === null || value === undefined) return "";
  const words = `${percent(value)}, interval ${percent(low)} to ${percent(high)}`;
  return h("div", { class: "span", role: "img", "aria-label": words, title: words, "--low": low, "--high": high, "--at": value },
    h("i"), h("b"));
}

export function facts(pairs) {
  const list = h("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(h("dt", {}, name), h("dd", {}, value instanceof Node ? value : String(value)));
  }
  return list;
}

export function table(caption, heads, rows) {
  const head = heads.map((each) => h("th", { scope: "col", class: each.number && "number" }, each.name));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}
