// Forgetting curves. Of many memories: a dot when each was last strengthened, as large as it is salient, and from there the
// line along which it fades; a gold line stands at today. Of one: the line alone.

import { h, percent, svg } from "./dom.js";

const DAY = 86400;
const [HIGH, LEFT, TOP, BOTTOM] = [190, 44, 14, 160];
const y = (share) => BOTTOM - (BOTTOM - TOP) * share;
const line = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export function fading(all, pick = () => {}) {
  const kept = all.filter(({ curve }) => curve.length);
  if (!kept.length) return [];
  const wide = innerWidth < 700 ? 420 : 1000;  // letters stay as large as those beside the drawing
  const right = wide - 12;
  const now = Date.now() / 1000;
  const start = Math.min(now - DAY, ...kept.map(({ curve }) => curve[0][0]));
  const end = now + Math.min(30 * DAY, Math.max(7 * DAY, now - start));
  const x = (moment) => LEFT + ((right - LEFT) * (Math.min(moment, end) - start)) / (end - start);
  const date = (moment) => new Date(1000 * moment).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const lines = kept.map(({ curve, salience, left, superseded_by: gone }) => svg("path", { class: `fade${gone ? " gone" : ""}`,
    "stroke-opacity": (0.25 + 0.75 * salience).toFixed(2), d: line(curve.filter(([moment]) => moment <= end + DAY).map(([moment, left]) => [x(moment), y(left)])) }));
  const dots = kept.map((each) => svg("circle", { class: each.marked ? "dot marked" : "dot", cx: x(each.curve[0][0]), cy: y(each.curve[0][1]), r: (3 + 5 * each.salience).toFixed(1),
    onclick: () => pick(each.id) }, svg("title", {}, `${each.text} (${percent(each.left)} left, salience ${percent(each.salience)})`)));
  const grid = [0, 0.5, 1].flatMap((share) => [svg("path", { class: "grid", d: `M${LEFT} ${y(share)}H${right}` }), words(LEFT - 8, y(share) + 4, `${100 * share}%`, "end")]);
  const near = (x(now) - x(start)) < 90;
  const today = [svg("path", { class: "today", d: `M${x(now)} ${TOP - 6}V${BOTTOM}` }), words(x(now), BOTTOM + 18, "today", "middle"),
    !near && words(x(start), BOTTOM + 18, date(start), "start"), words(right, BOTTOM + 18, date(end), "end")];
  const left = kept.reduce((sum, each) => sum + each.left, 0) / kept.length;
  const told = kept.length === 1 ? `it fades from ${percent(kept[0].curve[0][1])} at its last recall; ${percent(left)} is left today`
    : `how ${kept.length} memories fade: on average ${percent(left)} is left today`;
  return [svg("svg", { viewBox: `0 0 ${wide} ${HIGH}`, role: "img", "aria-label": told }, grid, today, lines, dots),
    h("figcaption", { class: "small sub" }, kept.length === 1 ? `${told[0].toUpperCase()}${told.slice(1)}.` : "How likely each is still remembered. A dot is a memory when it was last strengthened, the larger the more salient.")];
}

export function oneCurve(curve) {
  if (!curve.length) return "";
  const [start, end] = [curve[0][0], curve.at(-1)[0]];
  const points = curve.map(([moment, left]) => [(100 * (moment - start)) / (end - start || 1), 27 - 25 * left]);
  const words = `fades from ${percent(curve[0][1])} to ${percent(curve.at(-1)[1])} by ${new Date(1000 * end).toLocaleDateString("en-GB")}`;
  return svg("svg", { class: "spark", viewBox: "0 0 100 28", role: "img", "aria-label": words }, svg("path", { class: "grid", d: "M0 27H100" }), svg("path", { class: "fade", d: line(points) }),
    svg("path", { class: "today", d: `M${Math.min(100, (100 * (Date.now() / 1000 - start)) / (end - start || 1)).toFixed(1)} 0V28` }));
}

const words = (x, y, text, anchor) => svg("text", { x: x.toFixed(1), y, class: "axis", "text-anchor": anchor }, document.createTextNode(text));
