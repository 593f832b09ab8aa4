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
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

export function svg(tag, about = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(about)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter(Boolean));
  return element;
}

export function field(label, control) {
  control.id ||= `field-${++field.count}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}
field.count = 0;

export const percent = (rate) => (rate === null || rate === undefined ? "" : `${(100 * rate).toFixed(rate % 1 && (rate < 0.1 || rate > 0.9) ? 1 : 0)}%`);
export const count = (number) => Number(number).toLocaleString("en");
export const points = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;

// What this server, or a report, wrote as HTML: every word of others in it was escaped there, and no policy of ours runs
// a script in it.
export const written = (html) => [...new DOMParser().parseFromString(html, "text/html").body.childNodes];

export function facts(pairs) {
  const list = h("dl");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(h("dt", {}, name), h("dd", {}, value instanceof Node ? value : String(value)));
  }
  return list;
}

// heads: names; one that begins with a # heads a column of numbers.
export function table(caption, heads, rows) {
  const head = heads.map((name) => h("th", { scope: "col", class: name.startsWith("#") && "n" }, name.replace("#", "")));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}
