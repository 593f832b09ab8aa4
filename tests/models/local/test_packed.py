import os
import subprocess
import sys

import pytest
import torch

from nightschool.models.local import folder, packed
from support.tiny_models import tiny_model

pytestmark = pytest.mark.skipif(not packed._exact(8, 8), reason="this machine has no packed matrix products")


def layers(bias: bool = True) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return folder.freeze(torch.nn.Sequential(torch.nn.Linear(24, 40, bias=bias), torch.nn.Linear(40, 8)))


@pytest.mark.parametrize("rows", [1, 2, 5, 64, 300])
def test_packed_products_are_those_of_the_weights(rows: int) -> None:
    plain, quick = layers(), layers()
    packed.pack(quick)
    assert all(isinstance(layer, packed.PackedLinear) for layer in quick)
    given = torch.randn(1, rows, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        quick(torch.ones(1, 3, 24))
        assert not packed.shared(quick)  # not for a few rows, of which there may never be more
        quick(torch.ones(1, 9, 24))
        assert not packed.shared(quick)  # not for one prompt
        quick(torch.ones(1, 9, 24))
        assert len(packed.shared(quick)) == 2
        torch.testing.assert_close(quick(given), plain(given), rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not packed._exact(8, 8, torch.bfloat16), reason="this machine multiplies no bfloat16")
@pytest.mark.parametrize("rows", [1, 5, 300])
def test_bfloat16_is_packed_for_an_answer_of_some_length_too(rows: int) -> None:
    plain, quick = layers().to(torch.bfloat16), layers().to(torch.bfloat16)
    packed.pack(quick)
    given = torch.randn(1, rows, 24, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    with torch.no_grad():
        for _ in range(packed._NARROW):
            quick(torch.ones(1, 1, 24, dtype=torch.bfloat16))
        assert not packed.shared(quick)
        quick(torch.ones(1, 1, 24, dtype=torch.bfloat16))
        assert len(packed.shared(quick)) == 2
        torch.testing.assert_close(quick(given), plain(given), rtol=1e-2, atol=1e-2)


def test_gradients_go_through_the_weights_themselves() -> None:
    model = layers()
    packed.pack(model)
    given = torch.ones(2, 24, requires_grad=True)
    model(given).sum().backward()
    assert given.grad is not None
    assert float(given.grad.abs().sum()) > 0


def test_a_twin_is_plain_and_shares_the_weights() -> None:
    model = folder.freeze(tiny_model("llama"))
    packed.pack(model)
    with torch.no_grad():
        model(torch.ones(1, 9, dtype=torch.long))
        model(torch.ones(1, 9, dtype=torch.long))
    assert packed.shared(model)
    twin = folder.twin(model, "eager")
    assert not packed.shared(twin)
    assert type(twin.lm_head) is torch.nn.Linear
    assert twin.lm_head.weight.data_ptr() == model.lm_head.weight.data_ptr()


def test_weights_that_are_written_into_are_packed_anew() -> None:
    model = layers()
    packed.pack(model)
    given = torch.ones(20, 24)
    with torch.no_grad():
        model(given)
        before = model(given)
        assert packed.shared(model)
        model[1].weight.mul_(2)
        model[1].bias.mul_(2)
        torch.testing.assert_close(model(given), 2 * before)


def test_what_would_take_too_much_memory_is_laid_out_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    model, plain = layers(), layers()
    monkeypatch.setattr(packed, "_MOST", 0.0)
    packed.pack(model)
    assert not packed.shared(model)
    assert model[0].weight.stride() == (1, 40)
    given = torch.ones(3, 24)
    torch.testing.assert_close(model(given), plain(given))


_GROWS = """
import nightschool, torch, psutil
from nightschool.models.local import heap, packed
torch.set_num_threads(1)
layers = torch.nn.Sequential(torch.nn.Linear(576, 1536), torch.nn.Linear(1536, 576)).bfloat16().requires_grad_(False)
packed.pack(layers)
rows = torch.randn(400, 576).bfloat16()
with torch.no_grad():
    for _ in range(3):
        layers(rows)
    heap.trim()
    before = psutil.Process().memory_info().rss
    for count in range(1, 400):
        layers(rows[:count])
    heap.trim()
print((psutil.Process().memory_info().rss - before) >> 20)
"""


@pytest.mark.slow
@pytest.mark.skipif(not packed._known(torch.bfloat16), reason="there are no packed products in bfloat16 here")
def test_products_of_every_number_of_rows_do_not_fill_the_memory() -> None:
    def grown_mb(**limits: str) -> int:
        environment = {**os.environ, **limits}
        done = subprocess.run(
            [sys.executable, "-c", _GROWS], env=environment, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    unbounded = grown_mb(ONEDNN_PRIMITIVE_CACHE_CAPACITY="1024", LRU_CACHE_CAPACITY="1024")
    if unbounded < 100:
        pytest.skip(f"kernels take {unbounded} MB here, too little to tell")
    assert grown_mb() < unbounded / 2


def test_weights_brought_to_what_cannot_be_packed_here_are_multiplied_plainly() -> None:
    plain, quick = layers().to(torch.float64), layers()
    packed.pack(quick)
    given = torch.randn(1, 64, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for _ in range(2):
            quick(given)
        assert len(packed.shared(quick)) == 2
        torch.testing.assert_close(quick.to(torch.float64)(given.double()), plain(given.double()))
