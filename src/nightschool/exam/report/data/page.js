"use strict";
(() => {
  const source = document.getElementById("samples");
  const box = document.getElementById("items-box");
  if (!source || !box) return;
  const PAGE = 40;
  const $ = (id) => document.getElementById(id);
  let data = null, shown = PAGE;

  // Text only ever enters the page as text: what a model wrote cannot become markup.
  const make = (tag, cls, ...inside) => {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    node.append(...inside.filter((each) => each !== null && each !== undefined));
    return node;
  };
  const said = (text) => text.trim() ? make("div", "said", text) : make("div", "said empty", "(nothing)");
  const verdict = (outcome) => outcome === null ? ["gone", "missing"] : outcome === 1 ? ["pass", "passed"]
    : outcome === 0 ? ["fail", "failed"] : ["", Math.round(100 * outcome) + "%"];

  const draw = () => {
    const row = data.rows[Number($("items-row").value)];
    const which = $("items-which").value, words = $("items-words").value.toLowerCase();
    const found = row.records.filter(([id, , answers, outcome]) => {
      if (which === "passed" && outcome !== 1) return false;
      if (which === "failed" && (outcome === 1 || outcome === null)) return false;
      if (which === "missing" && outcome !== null) return false;
      if (!words) return true;
      const [inputs, target] = data.items[id] || [{}, ""];
      return [id, target || "", ...Object.values(inputs), ...answers].join("\n").toLowerCase().includes(words);
    });
    const body = $("items-body");
    body.replaceChildren(...found.slice(0, shown).map(([id, prompt, answers, outcome, feedback, tokens, missing]) => {
      const [inputs, target] = data.items[id] || [{}, null];
      const asked = make("td", "", ...Object.entries(inputs).map(([name, value]) =>
        make("div", "said", (Object.keys(inputs).length > 1 ? name + ": " : "") + value)));
      const more = make("details", "", make("summary", "", "prompt"));
      more.addEventListener("toggle", () => {
        if (more.open && more.children.length === 1) more.append(make("pre", "", data.prompts[prompt] || ""));
      });
      asked.append(more);
      const answer = make("td", "");
      if (answers.length > 1) {
        const all = make("details", "", make("summary", "", answers.length + " answers"), ...answers.map(said));
        answer.append(all);
      } else if (answers.length) answer.append(said(answers[0]));
      if (missing) answer.append(make("div", "sub", missing));
      if (feedback) answer.append(make("div", "sub", feedback));
      const [cls, word] = verdict(outcome);
      return make("tr", "", asked, answer, make("td", "", target === null ? make("span", "sub", "unknown") : said(target)),
        make("td", "n " + cls, word), make("td", "n", String(tokens)));
    }));
    $("items-count").textContent = Math.min(shown, found.length) + " of " + found.length + " shown";
    $("items-more").hidden = found.length <= shown;
  };

  box.addEventListener("toggle", () => {
    if (!box.open || data) return;
    data = JSON.parse(source.textContent);
    $("items-row").append(...data.rows.map((row, i) => { const o = make("option", "", row.name); o.value = String(i); return o; }));
    const plain = data.rows.findIndex((row) => row.name === "zero-shot");
    $("items-row").value = String(Math.max(plain, 0));
    for (const id of ["items-row", "items-which", "items-words"]) {
      $(id).addEventListener("input", () => { shown = PAGE; draw(); });
    }
    $("items-more").addEventListener("click", () => { shown += 5 * PAGE; draw(); });
    draw();
  });
  if (location.hash === "#items") box.open = true;
})();
