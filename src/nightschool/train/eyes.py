"""Eyes for a language model: an image encoder trained into its embedding space, while the model itself stays as it is.

What an encoder sees becomes a few vectors among the embeddings of words, and it learns by what the model then says.
Ref: tsimpoukelli2021.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.train.examples import Teachable

SEEN = "<seen>"
"""stands in a prompt where the pictures are"""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One question about pictures. pictures: a tensor [cells, ...], each cell one look of the encoder; prompt: with one
    `SEEN`; answer: what is to be said."""

    pictures: torch.Tensor
    prompt: str
    answer: str


class Eyes(torch.nn.Module):
    """An encoder and the linear map from its features to `tokens` embeddings of `model` for each cell.

    encoder: makes features [n, width] of cells [n, ...]; it learns as well, where its parameters are not frozen.
    """

    def __init__(self, model: Teachable, encoder: torch.nn.Module, width: int, tokens: int = 1, seed: int = 0) -> None:
        super().__init__()
        self._model = (model, model.fresh_module().eval().requires_grad_(False))  # a tuple: no part of what is learned
        embedding = self._model[1].get_input_embeddings()
        self.hidden, self.tokens = int(embedding.weight.shape[1]), tokens
        self.encoder = encoder
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.map = torch.nn.Linear(width, tokens * self.hidden)
            self.norm = torch.nn.LayerNorm(self.hidden)
        with torch.no_grad():  # as large as words are, so that the model takes them for some
            self.norm.weight.fill_(float(embedding.weight.float().std()))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Return [n, tokens, hidden] what cells [n, ...] are to the model."""
        features = self.encoder(cells).float()
        found: torch.Tensor = self.norm(self.map(features).reshape(len(cells), self.tokens, self.hidden))
        return found

    def loss(self, looks: Sequence[Look]) -> torch.Tensor:
        """Return the mean loss of the answers, nats a token."""
        module = self._model[1]
        inputs, mask, ids, where = self._laid(looks, answered=True)
        logits = module(inputs_embeds=inputs, attention_mask=mask, use_cache=False).logits[:, :-1].float()
        told = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        weight = where[:, 1:].flatten().float()
        return (told * weight).sum() / weight.sum()

    def say(self, looks: Sequence[Look], most: int = 12, batch: int = 64) -> list[str]:
        """Return what the model says to each question, greedily, up to `most` tokens or the end of the line."""
        said: list[str] = []
        with torch.no_grad():
            for start in range(0, len(looks), batch):
                said += self._say(looks[start : start + batch], most)
        return said

    def _say(self, looks: Sequence[Look], most: int) -> list[str]:
        (model, module), written = self._model, [[] for _ in looks]  # type: ignore[var-annotated]
        ends = set(model.end_ids) | set(model.encode_segment("\n"))
        open_ = set(range(len(looks)))
        inputs, mask, _, _ = self._laid(looks, answered=False)
        lengths = mask.sum(1)
        table = module.get_input_embeddings()
        for _ in range(most):
            logits = module(inputs_embeds=inputs, attention_mask=mask, use_cache=False).logits
            chosen = logits[torch.arange(len(looks)), lengths - 1].argmax(1)
            for i in sorted(open_):
                if int(chosen[i]) in ends:
                    open_.discard(i)
                else:
                    written[i].append(int(chosen[i]))
            if not open_:
                break
            inputs = torch.cat([inputs, torch.zeros_like(inputs[:, :1])], 1)
            mask = torch.cat([mask, torch.zeros_like(mask[:, :1])], 1)
            rows = torch.arange(len(looks))
            inputs[rows, lengths], mask[rows, lengths] = table(chosen), 1
            lengths = lengths + 1
        return [model.tokenizer.decode(ids).strip() for ids in written]

    def _laid(self, looks: Sequence[Look], answered: bool
              ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
        """Return embeddings [n, length, hidden], their mask, token ids, and where answers are, padded behind."""
        model, module = self._model
        table = module.get_input_embeddings()
        seen = self(torch.cat([look.pictures for look in looks])).to(table.weight.dtype)
        rows, marks, at = [], [], 0
        for look in looks:
            before, mark, after = look.prompt.partition(SEEN)
            if not mark or SEEN in after:
                raise UsageError(f"a question about pictures has one {SEEN} where they stand, not {look.prompt!r}")
            first, second = model.encode_segment(before), model.encode_segment(after)
            end = [*model.encode_segment(look.answer), *model.encode_segment("\n")] if answered else []
            many = self.tokens * len(look.pictures)
            vectors = seen[at : at + len(look.pictures)].reshape(many, self.hidden)
            at += len(look.pictures)
            ids = [*first, *[0] * many, *second, *end]
            words = table(torch.tensor(ids))
            rows.append(torch.cat([words[: len(first)], vectors, words[len(first) + many :]]))
            marks.append((ids, len(ids) - len(end)))
        length = max(map(len, rows))
        inputs = torch.stack([torch.nn.functional.pad(row, (0, 0, 0, length - len(row))) for row in rows])
        ids = torch.tensor([one + [0] * (length - len(one)) for one, _ in marks])
        places = torch.arange(length)[None]
        sizes = torch.tensor([len(row) for row in rows])[:, None]
        begins = torch.tensor([begin for _, begin in marks])[:, None]
        return inputs, (places < sizes).long(), ids, (places >= begins) & (places < sizes)


def teach_eyes(
    eyes: Eyes,
    batch_of: Callable[[int], Sequence[Look]],
    *,
    steps: int,
    rate: float = 2e-3,
    going_on: Callable[[int, float], bool] = lambda step, loss: True,
) -> list[float]:
    """Return the loss of each step after teaching `eyes` what `batch_of` gives at each.

    going_on: asked after each step with its number and loss. Raises NotANumber where the loss is none.
    """
    learned = [weight for weight in eyes.parameters() if weight.requires_grad]
    climber = torch.optim.AdamW(learned, lr=rate, weight_decay=0.01)
    losses: list[float] = []
    for step in range(steps):
        for group in climber.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 20) * (1 - step / steps)
        loss = eyes.loss(batch_of(step))
        if not bool(torch.isfinite(loss)):
            raise NotANumber(f"the loss of step {step} is {float(loss.detach())}; teach at a smaller rate than {rate}")
        climber.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        climber.step()
        losses.append(float(loss.detach()))
        if not going_on(step, losses[-1]):
            break
    return losses
