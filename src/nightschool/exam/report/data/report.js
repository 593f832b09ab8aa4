// A report's own items, out of the page itself. They are parsed when somebody opens the table.

import { fillWhenOpened } from "./items.js";

const PAGE = 40;
const source = document.getElementById("samples");
const box = document.getElementById("items-box");
if (source && box) {
  let data = null;
  const whole = () => (data ??= JSON.parse(source.textContent));
  const fits = (which, outcome) => which === "all" || (which === "passed" ? outcome === 1
    : which === "missing" ? outcome === null : outcome !== 1 && outcome !== null);
  const page = async (row, which, words, offset) => {
    const { rows, items, prompts } = whole();
    const found = rows.find((each) => each.name === row).records.filter(([id, , answers, outcome]) => {
      if (!fits(which, outcome)) return false;
      const [inputs, target] = items[id] ?? [{}, ""];
      return !words || [id, target ?? "", ...Object.values(inputs), ...answers].join("\n").toLowerCase().includes(words);
    });
    const some = found.slice(offset, offset + (offset ? 5 * PAGE : PAGE)).map(([id, prompt, answers, outcome, feedback, tokens, missing]) => {
      const [inputs, target] = items[id] ?? [{}, null];
      return { inputs, target, prompt: prompts[prompt] ?? "", answers, outcome, feedback, tokens, missing };
    });
    return { items: some, of: found.length };
  };
  fillWhenOpened(box, { rows: JSON.parse(source.dataset.rows), page });
  if (location.hash === "#items") box.open = true;
}
