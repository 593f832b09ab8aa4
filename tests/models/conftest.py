import pytest

from nightschool.models.weights import packaged
from nightschool.models.weights.told import Told


@pytest.fixture(scope="session")
def smollm2_gguf():
    with packaged.gguf_of(packaged.SMOLLM2, Told()) as file:
        yield file
