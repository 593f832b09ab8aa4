// A conversation with a mind, and its thoughts beside it.

import { count, field, h } from "./dom.js";
import { Refused, stream } from "./ask.js";
import { Thoughts } from "./thoughts.js";

const WAYS = [
  ["", "Answer at once"],
  ["best-of-n:n=8", "Best of 8, by a critic"],
  ["vote:n=7", "Vote of 7"],
  ["beam:width=4", "Beam, by a critic of steps"],
  ["revise:rounds=3", "Revise, by a critic"],
  ["other", "Another strategy …"],
];
const TRIES = [
  ["What is the capital of France?", "", ""],
  ["Say a number between 1 and 9.", "best-of-n:n=8", "regex:pattern=[1-9]"],
  ["Name a colour of the rainbow, in one word.", "vote:n=7", ""],
];

// On a phone the settings fold up, so that there is room for what is said.
const small = () => innerWidth < 900;

// What was remembered for this answer, to be unfolded.
const recalled = (all) => {
  const shown = all.filter((each) => each.shown);
  if (!shown.length) return [];
  return [h("details", { class: "small recalled" }, h("summary", {}, `recalled ${shown.length} ${shown.length === 1 ? "memory" : "memories"}`),
    h("ul", {}, shown.map((each) => h("li", {}, each.text))))];
};

export class Chat {
  constructor(state) {
    this.messages = [];
    this.abort = null;
    this.model = h("select", { onchange: () => this.show() }, state.models.map((name) => h("option", { value: name }, name)));
    this.way = h("select", { onchange: () => this.show() }, WAYS.map(([value, name]) => h("option", { value }, name)));
    this.other = h("input", { placeholder: "best-of-n:n=16", list: "strategies", spellcheck: "false" });
    this.critic = h("input", { placeholder: "regex:pattern=[0-9]+", list: "critics", spellcheck: "false" });
    this.step = h("input", { placeholder: "of beginnings", list: "critics", spellcheck: "false" });
    this.budget = h("input", { placeholder: "2000tok,30s", spellcheck: "false" });
    this.longest = h("input", { type: "number", min: 1, value: 256 });
    this.remember = h("input", { type: "checkbox" });
    this.session = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    this.otherField = field("Strategy", this.other);
    this.stepField = field("Critic of steps", this.step);
    this.thinking = h("div", { class: "how" }, this.otherField, field("Critic", this.critic), this.stepField, field("Budget", this.budget));
    this.text = h("textarea", { rows: 1, placeholder: "Say something", onkeydown: (event) => this.pressed(event) });
    this.send = h("button", { class: "strong" }, "Send");
    this.turns = h("ol", { class: "turns", tabindex: 0, "aria-label": "Conversation" });
    this.status = h("p", { class: "small sub", role: "status", "aria-live": "polite" });
    const panel = h("aside", { class: "thinking", tabindex: 0, "aria-label": "Thinking" });
    this.thoughts = new Thoughts(panel);
    const textField = field("Message", this.text);
    textField.firstChild.className = "unseen";
    const listed = (id, names) => h("datalist", { id }, names.map((name) => h("option", { value: name })));
    this.settled = h("summary");
    this.settings = h("details", { class: "settings", open: !small() }, this.settled,
      h("div", { class: "how" }, field("Mind", this.model), field("How to think", this.way), field("Tokens at most", this.longest),
        h("label", { class: "check" }, this.remember, " with memory")), this.thinking);
    this.form = h("form", { class: "compose", onsubmit: (event) => this.submit(event) },
      this.settings, listed("strategies", state.strategies), listed("critics", state.critics),
      h("div", { class: "ask" }, textField, this.send), this.status);
    this.view = h("div", { class: "chat" }, h("div", { class: "talk", role: "region", "aria-label": "Chat" }, h("h1", { class: "unseen" }, "Chat"), this.turns, this.form), panel);
    this.greet();
    this.show();
  }

  greet() {
    const tries = TRIES.map(([words, way, critic]) => h("button", { type: "button", onclick: () => {
      [this.way.value, this.critic.value, this.text.value] = [way, critic, words];
      this.show();
      this.text.focus();
    } }, words, h("span", { class: "sub small" }, WAYS.find(([value]) => value === way)[1])));
    this.turns.replaceChildren(h("li", { class: "hello" }, h("h2", {}, "Ask a mind"),
      h("p", { class: "sub" }, "It answers at once, or looks at several candidates first and lets a critic choose."), h("div", { class: "tries" }, tries)));
  }

  show() {
    this.otherField.hidden = this.way.value !== "other";
    this.stepField.hidden = !["other", "beam:width=4"].includes(this.way.value);
    this.thinking.hidden = this.way.value === "";
    this.settled.textContent = `${this.model.value} · ${WAYS.find(([value]) => value === this.way.value)[1]}`;
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
      if (this.step.value.trim() && !this.stepField.hidden) body.nightschool.step_critic = this.step.value.trim();
      if (this.budget.value.trim()) body.nightschool.budget = this.budget.value.trim();
    }
    if (this.remember.checked) body.nightschool = { ...body.nightschool, memory: true, session: this.session };
    return body;
  }

  turn(who, name) {
    const said = h("p", { class: "words" });
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
    if (small()) this.settings.open = false;
    this.abort = new AbortController();
    this.send.textContent = "Stop";
    const thinks = Boolean(body.nightschool?.strategy);
    this.status.textContent = thinks ? "thinking …" : "answering …";
    reply.said.classList.add("coming");
    if (thinks) this.thoughts.begin(body.nightschool.strategy, body.nightschool.budget);
    else this.thoughts.clear();
    try {
      const answer = await this.hear(body, reply, thinks);
      if (!answer) reply.said.replaceChildren(h("span", { class: "sub" }, "(no answer)"));
      this.status.textContent = "answered";
      this.messages.push({ role: "assistant", content: answer });
    } catch (error) {
      this.failed(error, reply);
    } finally {
      reply.said.classList.remove("coming");
      this.abort = null;
      this.send.textContent = "Send";
      this.text.focus();
    }
  }

  // Return the whole answer, shown as it comes.
  async hear(body, reply, thinks) {
    const began = performance.now();
    let answer = "";
    for await (const chunk of stream("/v1/chat/completions", body, this.abort.signal)) {
      if (chunk.nightschool && thinks) this.thoughts.hear(chunk.nightschool);
      if (chunk.nightschool?.recalled) reply.said.before(...recalled(chunk.nightschool.recalled));
      answer += chunk.choices[0]?.delta?.content ?? "";
      reply.said.textContent = answer;
      const notes = [];
      if (chunk.choices[0]?.finish_reason === "length") reply.cut = "cut by length or budget";
      if (chunk.usage) {
        const night = /^nightschool-(?!none$)(.+)$/.exec(chunk.system_fingerprint ?? "")?.[1];
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        notes.push(reply.cut, `${count(chunk.usage.completion_tokens)} tokens in ${seconds} s`, night && `night ${night.slice(0, 8)}`);
        reply.about.textContent = notes.filter(Boolean).join(" · ");
      }
      this.turns.scrollTop = this.turns.scrollHeight;
    }
    return answer;
  }

  failed(error, reply) {
    if (error.name === "AbortError") {
      reply.about.textContent = this.status.textContent = "stopped";
      this.thoughts.end();
      this.messages.push({ role: "assistant", content: reply.said.textContent });
      return;
    }
    const words = error instanceof Refused ? error.message : `the server cannot be reached: ${error.message}`;
    reply.said.replaceChildren(h("span", { class: "wrong", role: "alert" }, words));
    this.status.textContent = "";
    this.thoughts.clear();
    this.messages.pop();
  }
}
