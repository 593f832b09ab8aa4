// A conversation with a mind, and its thoughts beside it.

import { count, field, h } from "./dom.js";
import { Refused, stream } from "./ask.js";
import { Thoughts } from "./thoughts.js";

const WAYS = [
  ["", "Answer at once"],
  ["best-of-n:n=8", "Best of 8, by a critic"],
  ["vote:n=7", "Vote of 7"],
  ["beam:width=4", "Beam, by a step critic"],
  ["revise:rounds=3", "Revise, by a critic"],
  ["other", "Another strategy …"],
];

const wide = (element) => { element.className = "wide"; return element; };

// What was remembered for this answer, to be unfolded.
const recalled = (all) => {
  const shown = all.filter((each) => each.shown);
  if (!shown.length) return [];
  return [h("details", { class: "small faint" }, h("summary", {}, `recalled ${shown.length} ${shown.length === 1 ? "memory" : "memories"}`),
    h("ul", {}, shown.map((each) => h("li", {}, each.text))))];
};

export class Chat {
  constructor(state) {
    this.messages = [];
    this.abort = null;
    this.model = h("select", {}, state.models.map((name) => h("option", { value: name }, name)));
    this.way = h("select", { onchange: () => this.show() }, WAYS.map(([value, name]) => h("option", { value }, name)));
    this.other = h("input", { placeholder: "best-of-n:n=16", list: "strategies", spellcheck: "false" });
    this.critic = h("input", { placeholder: "regex:pattern=[0-9]+", spellcheck: "false" });
    this.budget = h("input", { placeholder: "2000tok,30s", spellcheck: "false" });
    this.remember = h("input", { type: "checkbox" });
    this.session = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    this.longest = h("input", { type: "number", min: 1, value: 256 });
    this.otherField = field("Strategy", this.other);
    this.criticField = field("Critic", this.critic);
    this.budgetField = field("Budget", this.budget);
    this.text = h("textarea", { rows: 1, placeholder: "Say something", onkeydown: (event) => this.pressed(event) });
    this.send = h("button", { class: "strong" }, "Send");
    this.turns = h("ol", { class: "turns", tabindex: 0, "aria-label": "Conversation" });
    this.status = h("p", { class: "small faint", role: "status", "aria-live": "polite" });
    const panel = h("aside", { class: "thinking", tabindex: 0, "aria-label": "Thinking" });
    this.thoughts = new Thoughts(panel);
    const textField = field("Message", this.text);
    textField.firstChild.className = "unseen";
    this.form = h("form", { class: "compose", onsubmit: (event) => this.submit(event) },
      h("div", { class: "how" }, field("Mind", this.model), wide(field("How to think", this.way)), this.otherField,
        this.criticField, this.budgetField, field("Tokens at most", this.longest), h("label", { class: "check" }, this.remember, " with memory")),
      h("datalist", { id: "strategies" }, state.strategies.map((name) => h("option", { value: name }))),
      h("div", { class: "ask" }, textField, this.send), this.status);
    this.view = h("div", { class: "chat" }, h("section", { class: "talk", "aria-label": "Chat" }, h("h1", { class: "unseen" }, "Chat"), this.turns, this.form), panel);
    this.greet();
    this.show();
  }

  greet() {
    this.turns.replaceChildren(h("li", { class: "hello" }, h("h2", {}, "Ask a mind"),
      h("p", {}, "It answers at once, or looks at several candidates first and lets a critic choose.")));
  }

  show() {
    this.otherField.hidden = this.way.value !== "other";
    this.criticField.hidden = this.budgetField.hidden = this.way.value === "";
  }

  pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.form.requestSubmit();
    }
    if (event.key === "Escape") this.abort?.abort();
  }

  submit(event) {
    event.preventDefault();
    if (this.abort) this.abort.abort();
    else if (this.text.value.trim()) this.ask(this.text.value);
  }

  body() {
    const strategy = this.way.value === "other" ? this.other.value.trim() : this.way.value;
    const body = { model: this.model.value, messages: this.messages, stream: true, stream_options: { include_usage: true },
      max_tokens: Number(this.longest.value) || 256 };
    if (strategy) {
      body.nightschool = { strategy, events: true };
      if (this.critic.value.trim()) body.nightschool.critic = this.critic.value.trim();
      if (this.budget.value.trim()) body.nightschool.budget = this.budget.value.trim();
    }
    if (this.remember.checked) body.nightschool = { ...body.nightschool, memory: true, session: this.session };
    return body;
  }

  turn(who, name) {
    const said = h("p", { class: "said" });
    const about = h("p", { class: "about" });
    this.turns.querySelector(".hello")?.remove();
    this.turns.append(h("li", { class: `turn ${who}` }, h("p", { class: "who" }, name), said, about));
    this.turns.scrollTop = this.turns.scrollHeight;
    return { said, about };
  }

  async ask(text) {
    this.turn("user", "You").said.textContent = text;
    this.messages.push({ role: "user", content: text });
    const body = this.body();
    const reply = this.turn("assistant", body.model);
    this.text.value = "";
    this.abort = new AbortController();
    this.send.textContent = "Stop";
    const thinks = Boolean(body.nightschool?.strategy);
    this.status.textContent = thinks ? "thinking …" : "answering …";
    if (thinks) this.thoughts.begin(body.nightschool.strategy, body.nightschool.budget);
    else this.thoughts.clear();
    let answer = "";
    const began = performance.now();
    try {
      for await (const chunk of stream("/v1/chat/completions", body, this.abort.signal)) {
        if (chunk.nightschool && thinks) this.thoughts.hear(chunk.nightschool);
        if (chunk.nightschool?.recalled) reply.said.before(...recalled(chunk.nightschool.recalled));
        answer += chunk.choices[0]?.delta?.content ?? "";
        reply.said.textContent = answer;
        if (chunk.choices[0]?.finish_reason === "length") reply.about.textContent = "cut by length or budget · ";
        if (chunk.usage) {
          const seconds = ((performance.now() - began) / 1000).toFixed(1);
          reply.about.textContent += `${count(chunk.usage.completion_tokens)} tokens in ${seconds} s`;
        }
        this.turns.scrollTop = this.turns.scrollHeight;
      }
      if (!answer) reply.said.replaceChildren(h("span", { class: "faint" }, "(no answer)"));
      this.status.textContent = "answered";
      this.messages.push({ role: "assistant", content: answer });
    } catch (error) {
      if (error.name === "AbortError") {
        reply.about.textContent = "stopped";
        this.status.textContent = "stopped";
        this.messages.push({ role: "assistant", content: answer });
      } else {
        const words = error instanceof Refused ? error.message : `the server cannot be reached: ${error.message}`;
        reply.said.replaceChildren(h("span", { class: "wrong", role: "alert" }, words));
        this.status.textContent = "";
        this.thoughts.clear();
        this.messages.pop();
      }
    } finally {
      this.abort = null;
      this.send.textContent = "Send";
      this.text.focus();
    }
  }
}
