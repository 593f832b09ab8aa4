"""How often what runs beside a draw changes it: `python benchmarks/engine_flips.py [--dtypes float32,bfloat16]`.

A draw's noise has a name, so that it is the same whatever is in its batch, up to rounding: sums in another order can
move a token across the edge that its noise falls on. The same draws are made all together and a few at a time, and
compared: draws that differ anywhere, and tokens that flipped, of those up to the first difference of each draw (what
comes behind is another text). With 95% Wilson intervals; draws at temperature 1 and greedy ones.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from nightschool import registry
from nightschool.asks import Propose
from nightschool.items import Noise, Prefix, Sampling, Split
from nightschool.models.resolve import open_model
from nightschool.stats.rates import wilson


def sample(model: Any, asks: list[Propose], at_once: int) -> dict[str, tuple[int, ...]]:
    """Return the tokens of every draw, made `at_once` at a time."""
    found = {}
    for begin in range(0, len(asks), at_once):
        some = asks[begin : begin + at_once]
        model.submit(some)
        left = len(some)
        while left:
            for reply in model.step().replies:
                left -= 1
                found[reply.id] = reply.draws[0].segment.tokens
    return found


def compare(one: dict[str, tuple[int, ...]], other: dict[str, tuple[int, ...]]) -> tuple[int, int]:
    """Return draws that differ, which is also how many tokens flipped, and tokens up to there."""
    flipped = tokens = 0
    for id, first in one.items():
        second = other[id]
        same = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
        if same is None and len(first) != len(second):
            same = min(len(first), len(second))
        flipped += same is not None
        tokens += len(first) if same is None else same + 1
    return flipped, tokens


def main() -> None:
    """Print a line for each dtype and temperature, and with --json one object as the last."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="smollm2")
    arguments.add_argument("--dtypes", default="float32,bfloat16")
    arguments.add_argument("--draws", type=int, default=96)
    arguments.add_argument("--few", type=int, default=4, help="draws at a time beside all at once")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    world = registry.make("worlds", "arithmetic")
    items = world.items(Split.PRACTICE, given.draws)
    rows = []
    for dtype in given.dtypes.split(","):
        model: Any = open_model(given.model, dtype=dtype)
        for temperature in (1.0, 0.0):
            how = Sampling(max_tokens=16, temperature=temperature)
            asks = [
                Propose(item.id, Prefix(world.pose(item, world.wordings[0])), 1, how, Noise((item.id,)))
                for item in items
            ]
            together, few = sample(model, asks, len(asks)), sample(model, asks, given.few)
            draws, tokens = compare(together, few)
            differ, flip = wilson(draws, len(asks)), wilson(draws, tokens)
            rows.append({"dtype": dtype, "temperature": temperature, "draws": len(asks), "differ": draws,
                         "tokens": tokens})  # fmt: skip
            print(
                f"{dtype:9} temperature {temperature:.0f}: {draws} of {len(asks)} draws differ "
                f"({differ.low:.1%} to {differ.high:.1%}), {flip.value:.2%} of {tokens} tokens flip "
                f"({flip.low:.2%} to {flip.high:.2%})",
                flush=True,
            )
        model.close()
    if given.json:
        print(json.dumps({"model": given.model, "few": given.few, "rows": rows}))


if __name__ == "__main__":
    main()
