// The tree of thoughts as it grows: candidates that are being written, judged, gone on from or left behind, and why; what
// is left of the budget. A branch moves to the right only where thoughts part.

import { count, h } from "./dom.js";

const ENDED = { done: "finished", budget: "ended by its budget", cancelled: "stopped", error: "failed" };
const SHOWN = 2;
const CUT = { length: "cut by length", cancelled: "cut off", error: "failed" };

export class Thoughts {
  constructor(panel) {
    this.panel = panel;
    this.head = h("div", { class: "head" });
    this.tree = h("ol", { class: "tree", "aria-label": "Candidates" });
    this.clear();
  }

  clear() {
    this.thoughts = new Map();
    this.growing = new Map();
    this.tokens = 0;
    this.best = null;
    this.strategy = this.ended = "";
    this.errors = [];
    this.allowed = {};
    this.unfolded = new Set();
    clearInterval(this.ticking);
    this.panel.classList.add("idle");
    this.panel.replaceChildren(h("h2", {}, "Thinking"), h("p", { class: "sub" },
      "Choose a way to think, and the candidates, what the critic says of them and what is left of the budget appear here as they come."));
  }

  begin(strategy, budget) {
    this.clear();
    this.strategy = strategy;
    this.began = performance.now();
    for (const [, number, unit] of (budget ?? "").matchAll(/([\d.]+)\s*(tok|s)\b/g)) this.allowed[unit] = Number(number);
    if (this.allowed.s) this.ticking = setInterval(() => this.later(), 500);
    this.panel.classList.remove("idle");
    this.panel.replaceChildren(this.head, this.tree);
    this.draw();
  }

  end() {
    clearInterval(this.ticking);
    this.growing.clear();
    this.ended ||= "stopped";
    this.later();
  }

  hear(event) {
    if (event.grown) {
      const key = `${event.grown.ask} ${event.grown.draw}`;
      this.growing.set(key, (this.growing.get(key) ?? "") + event.grown.text);
      this.tokens += event.grown.tokens;
    }
    for (const thought of event.thoughts ?? []) {
      if (!this.thoughts.has(thought.id)) this.settle(thought.said || thought.answer);
      this.thoughts.set(thought.id, thought);
    }
    if (event.stopped) {
      this.best = event.best;
      this.errors = event.errors ?? [];
      this.tokens = event.usage.sampled_tokens + event.usage.weighed_tokens;
      this.ended = ENDED[event.stopped];
      this.seconds = event.usage.seconds;
      this.end();
    }
    this.later();
  }

  // A candidate that became a thought is no longer being written.
  settle(said) {
    for (const [key, text] of this.growing) {
      if (said.startsWith(text.trim()) || text.startsWith(said)) {
        this.growing.delete(key);
        return;
      }
    }
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; if (this.strategy) this.draw(); });
  }

  draw() {
    this.children = Map.groupBy(this.thoughts.values(), (thought) => thought.parent);
    this.depth = new Map();
    for (const { id, parent } of this.thoughts.values()) this.depth.set(id, (this.depth.get(parent) ?? -1) + 1);
    // the depths that were gone on from: a thought there without children was passed over
    this.goneOn = new Set([...this.thoughts.values()].filter(({ id }) => this.children.has(id)).map(({ id }) => this.depth.get(id)));
    this.path = new Set();
    for (let id = this.best; id !== null && id !== undefined; id = this.thoughts.get(id)?.parent) this.path.add(id);
    const drafts = [...this.growing.values()].filter((text) => text.trim()).map((text) =>
      h("li", {}, h("div", { class: "thought growing" }, h("p", { class: "said" }, text))));
    this.head.replaceChildren(...this.about());
    this.tree.replaceChildren(...this.branch(null), ...drafts);
  }

  about() {
    const heard = [...this.thoughts.values()].filter(({ verdict }) => verdict);
    const judged = heard.filter(({ verdict }) => !verdict.error);
    const passed = judged.filter(({ verdict }) => verdict.passed).length;
    const words = [this.thoughts.size === 1 ? "1 candidate" : `${this.thoughts.size} candidates`,
      judged.length && `${passed} of ${judged.length} passed`, this.ended, this.wrong(heard.length - judged.length)].filter(Boolean).join(", ");
    const seconds = this.ended && this.seconds !== undefined ? this.seconds : (performance.now() - this.began) / 1000;
    return [h("h2", {}, "Thinking ", h("code", { class: "sub" }, this.strategy)), h("p", { class: "sub" }, words),
      this.gauge(this.tokens, this.allowed.tok, "tokens", (number) => count(Math.round(number))),
      this.allowed.s && this.gauge(seconds, this.allowed.s, "seconds", (number) => number.toFixed(1))].filter(Boolean);
  }

  // How often a critic or a draw failed: what the trace counts, and before there is one, the verdicts that are errors.
  wrong(failed) {
    const times = Math.max(this.errors.length, failed);
    return times && `${times === 1 ? "1 failure" : `${count(times)} failures`}${this.errors.length ? `: ${this.errors[0]}` : " of the critic"}`;
  }

  gauge(spent, allowed, unit, told) {
    if (!allowed) return h("p", { class: "small sub" }, `${told(spent)} ${unit}${this.ended ? "" : " so far"}`);
    const left = Math.max(0, allowed - spent);
    return h("div", {}, h("p", { class: "small" }, h("b", {}, told(left)), ` of ${told(allowed)} ${unit} left`),
      h("div", { class: "gauge", "--share": left / allowed }, h("i")));
  }

  // The thoughts after `parent`. One that follows alone stands below its parent, not beside; of those that came to
  // nothing the first are shown, alike ones once, and the rest is folded up.
  branch(parent) {
    const after = this.children.get(parent) ?? [];
    const dead = after.filter((thought) => !this.children.has(thought.id) && this.left(thought));
    const alike = [...Map.groupBy(dead, (thought) => `${thought.said} ${this.left(thought)}`).values()];
    const items = after.filter((thought) => !dead.includes(thought)).map((thought) => this.item(thought));
    const fallen = alike.map((all) => h("li", {}, this.card(all[0], all.length)));
    const rest = fallen.slice(SHOWN);
    if (rest.length) {
      const folded = h("details", { open: this.unfolded.has(parent), ontoggle: () => this.unfolded[folded.open ? "add" : "delete"](parent) },
        h("summary", {}, `${rest.length} more rolled back`), h("ol", {}, rest));
      return [...items, ...fallen.slice(0, SHOWN), h("li", {}, folded)];
    }
    return [...items, ...fallen];
  }

  item(thought) {
    const item = h("li", {}, this.card(thought));
    let [last, after] = [thought.id, this.children.get(thought.id) ?? []];
    while (after.length === 1) {
      item.append(this.card(after[0]));
      [last, after] = [after[0].id, this.children.get(after[0].id) ?? []];
    }
    if (after.length) item.append(h("ol", {}, this.branch(last)));
    return item;
  }

  // Why nothing more comes of a thought; an empty text for one that is alive.
  left(thought) {
    const { verdict, value } = thought;
    if (this.path.has(thought.id)) return "";
    if (verdict?.error) return `the critic failed: ${verdict.error}`;
    const passedOver = !this.children.has(thought.id) && (this.ended || this.goneOn.has(this.depth.get(thought.id)));
    if (verdict && !verdict.passed && (passedOver || verdict.score === 0)) return verdict.feedback || "the critic did not pass it";
    if (passedOver) return value !== null ? `as a step it scored ${value.toFixed(2)}` : verdict ? "another was chosen" : "others were gone on with";
    return this.ended && !verdict ? "nothing below it was chosen" : "";
  }

  card(thought, times = 1) {
    const { verdict } = thought;
    const answer = thought.id === this.best;
    const why = this.left(thought);
    const kinds = [verdict && !verdict.error && (verdict.passed ? "passed" : "failed"), answer && "answer", this.path.has(thought.id) && "path", why && "left"];
    const before = this.thoughts.get(thought.parent)?.answer;
    const added = before !== undefined && thought.answer.startsWith(before) ? thought.answer.slice(before.length) : thought.parent === null ? thought.answer : thought.said;
    const said = added.trim() || "(nothing)";
    const marks = [];
    if (answer) marks.push(h("b", { class: "chosen" }, "★ the answer"));
    if (verdict && !verdict.error) marks.push(h("b", {}, verdict.passed ? "✓ passed" : `✗ ${verdict.score.toFixed(2)}`));
    if (why) marks.push(h("span", {}, h("b", {}, verdict?.passed ? "not needed: " : "↩ rolled back: "), why));
    else if (verdict?.feedback) marks.push(verdict.feedback);
    if (CUT[thought.finish]) marks.push(CUT[thought.finish]);
    if (thought.logp !== null) marks.push(`log p ${(Math.abs(thought.logp) < 0.05 ? 0 : thought.logp).toFixed(1)}`);
    if (times > 1) marks.push(`${times} times`);
    const words = marks.flatMap((mark, at) => (at ? [" · ", mark] : [mark]));
    return h("div", { class: `thought ${kinds.filter(Boolean).join(" ")}` }, h("p", { class: "said" }, said), h("p", { class: "marks" }, words));
  }
}
