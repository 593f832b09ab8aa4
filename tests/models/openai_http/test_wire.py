import asyncio
import email.utils
import time

import httpx
import pytest

from nightschool.config import Endpoint
from nightschool.errors import EndpointError
from nightschool.models.openai_http import wire
from nightschool.models.openai_http.address import Address


def talk(address, key=None, retries=0):
    said = []

    async def go():
        line = wire.Wire(Address.parse(address), Endpoint(retries=retries, timeout_s=2), key, said.append, wait_s=0.01)
        try:
            for _ in range(2):
                with pytest.raises(EndpointError):
                    await line.get("/models")
        finally:
            await line.close()

    asyncio.run(go())
    return said


def test_it_is_said_once_that_something_leaves_this_machine():
    assert talk("http://nightschool.invalid#m") == [
        "prompts and answers go to nightschool.invalid, which is not this machine"
    ]
    assert talk("http://127.0.0.1:9#m") == []


def response(**headers):
    return httpx.Response(429, headers=headers)


def test_retry_after_is_a_number_a_date_or_nothing():
    assert wire._retry_after(response(**{"retry-after": "2.5"})) == 2.5
    in_ten = email.utils.formatdate(time.time() + 10, usegmt=True)
    assert wire._retry_after(response(**{"retry-after": in_ten})) == pytest.approx(10, abs=2)
    assert wire._retry_after(response(**{"retry-after": "soon"})) is None
    assert wire._retry_after(response()) is None


def test_what_is_worth_another_try():
    def backoff(status, wait_s=None):
        return wire._backoff(wire.Status("x", status, "", wait_s))

    assert [backoff(status) for status in (400, 401, 404, 422, 501)] == [False] * 5
    assert [backoff(status) for status in (408, 429, 500, 502, 503, 504)] == [True] * 6
    assert backoff(429, 3.0) == 3.0
    assert backoff(429, 0.0) == 0.0
    assert backoff(429, 1e6) is False
    assert wire._backoff(ValueError()) is False


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"error": {"message": "too\\n long"}}', "too long"),
        (b'{"error": "slow down"}', "slow down"),
        (b'{"detail": [{"msg": "bad"}]}', '[{"msg": "bad"}]'),
        (b"<html>502</html>", "<html>502</html>"),
        (b"", "nothing"),
    ],
)
def test_the_words_of_an_error_whatever_its_shape(content, words):
    assert wire._message(content) == words
