// The tree of thoughts as it grows: candidates that are being written, then judged, the best one marked.

import { count, h } from "./dom.js";

export class Thoughts {
  constructor(panel) {
    this.panel = panel;
    this.clear();
  }

  clear() {
    this.thoughts = new Map();
    this.growing = new Map();
    this.tokens = 0;
    this.best = null;
    this.strategy = "";
    this.allowed = null;
    this.ended = "";
    this.draw();
  }

  begin(strategy, budget) {
    this.clear();
    this.strategy = strategy;
    const tokens = /(\d+)\s*tok/.exec(budget ?? "");
    this.allowed = tokens ? Number(tokens[1]) : null;
    this.draw();
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
      this.tokens = event.usage.sampled_tokens + event.usage.weighed_tokens;
      this.ended = { done: "finished", budget: "ended by its budget", cancelled: "stopped", error: "failed" }[event.stopped];
      this.growing.clear();
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
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw() {
    if (!this.strategy) {
      this.panel.replaceChildren(h("h2", {}, "Thinking"), h("p", { class: "faint" },
        "Choose a way to think, and the candidates, what the critic says of them and the budget appear here as they come."));
      return;
    }
    const children = new Map();
    for (const thought of this.thoughts.values()) {
      const under = children.get(thought.parent) ?? [];
      children.set(thought.parent, [...under, thought]);
    }
    const branch = (parent) => (children.get(parent) ?? []).map((thought) => {
      const below = branch(thought.id);
      return h("li", {}, this.card(thought), below.length ? h("ol", {}, below) : null);
    });
    const drafts = [...this.growing.values()].filter((text) => text.trim()).map((text) =>
      h("li", {}, h("div", { class: "thought growing" }, h("p", { class: "said" }, text))));
    const judged = [...this.thoughts.values()].filter((thought) => thought.verdict);
    const passed = judged.filter((thought) => thought.verdict.passed).length;
    const words = [`${this.thoughts.size} candidates`, judged.length && `${passed} of ${judged.length} passed`, this.ended]
      .filter(Boolean).join(", ");
    const limit = this.allowed ? ` of ${count(this.allowed)}` : "";
    const scroll = this.panel.scrollTop;
    this.panel.replaceChildren(
      h("h2", {}, "Thinking ", h("span", { class: "faint code" }, this.strategy)),
      h("p", { class: "small faint" }, words),
      h("p", { class: "small" }, `${count(this.tokens)}${limit} tokens`),
      this.allowed && h("div", { class: "gauge", "--share": Math.min(1, this.tokens / this.allowed) }, h("i")),
      h("ol", { class: "tree", "aria-label": "Candidates" }, branch(null), drafts),
    );
    this.panel.scrollTop = scroll;
  }

  card(thought) {
    const { verdict } = thought;
    const best = thought.id === this.best;
    const kind = [verdict && (verdict.passed ? "passed" : "failed"), best && (verdict && !verdict.passed ? "chosen" : "best")].filter(Boolean).join(" ");
    const said = (thought.parent === null ? thought.answer : thought.said).trim() || "(nothing)";
    const words = [];
    if (best) words.push(h("span", { class: "mark" }, "★ the answer  "));
    if (verdict?.error) words.push(h("span", { class: "mark" }, "critic failed: "), verdict.error);
    else if (verdict) {
      words.push(h("span", { class: "mark" }, verdict.passed ? "✓ passed" : `✗ score ${verdict.score.toFixed(2)}`));
      if (verdict.feedback) words.push(` ${verdict.feedback}`);
    }
    const cut = { length: "cut by length", cancelled: "cut off", error: "failed" }[thought.finish];
    if (cut) words.push(h("span", {}, ` · ${cut}`));
    if (thought.logp !== null) words.push(h("span", {}, ` · log p ${(Math.abs(thought.logp) < 0.05 ? 0 : thought.logp).toFixed(1)}`));
    return h("div", { class: `thought ${kind}` }, h("p", { class: "said" }, said), h("p", { class: "verdict" }, words));
  }
}
