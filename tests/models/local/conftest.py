from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from nightschool.models.local.model import LocalModel
from support.tiny_models import tiny_model_folder


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """From a kind to the folder of a tiny model, made once."""
    where = tmp_path_factory.mktemp("tiny")
    return cache(lambda kind: tiny_model_folder(where, kind))


@pytest.fixture(scope="session")
def tiny(folder_of: Callable[[str], Path]) -> Callable[..., LocalModel]:
    """From a kind (and options) to a local model that keeps nothing of what other tests asked.

    In float32 unless asked otherwise: what is exact is tested, also where the hardware would have bfloat16.
    """

    def make(kind: str = "llama", **options: object) -> LocalModel:
        how = {"device": "cpu", "dtype": "float32", **options}
        return LocalModel.from_folder(folder_of(kind), name=f"tiny-{kind}", identity=kind, **how)

    return make
