import pytest

from nightschool.errors import BadSpec
from nightschool.models.openai_http.address import Address


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://localhost:8000/v1#qwen3", "http://localhost:8000/v1", "qwen3"),
        ("http://localhost:8000/#org/name:tag", "http://localhost:8000/v1", "org/name:tag"),
        ("https://api.example/openai/v1/", "https://api.example/openai/v1", ""),
    ],
)
def test_url_and_model(text, url, model):
    assert Address.parse(text) == Address(url, model)


@pytest.mark.parametrize("text", ["", "localhost:8000", "ftp://x", "http://", "http://x:port", "http://x/?a=b"])
def test_what_cannot_be_read(text):
    with pytest.raises(BadSpec, match="write openai:URL#MODEL"):
        Address.parse(text)


def test_a_key_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(BadSpec, match="OPENAI_API_KEY") as caught:
        Address.parse("https://me:sk-secret@api.example/v1#m")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "stays"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("10.0.0.1", False), ("localhost.example", False)],
)
def test_what_stays_on_this_machine(host, stays):
    assert Address.parse(f"http://{host}:1#m").stays is stays
