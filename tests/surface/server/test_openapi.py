"""The OpenAPI document describes what the server does: schemathesis finds no failure of the server, and no surprise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from nightschool.models.scripted import Scripted
from nightschool.surface.server.openapi import document
from nightschool.surface.server.served import Served
from support.serving import PATIENCE_S, Running, get, minds_of, running

OPERATIONS = [(path, method) for path, methods in document()["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    served = Served(minds_of({"smollm2": lambda: Scripted()}), reports=tmp_path_factory.mktemp("reports"))
    with running(served) as server:
        yield server
        assert server.defects == []


@pytest.fixture(scope="module")
def schema(here: Running) -> Any:
    schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")
    return schemathesis.openapi.from_url(f"{here.url}/openapi.json")


def test_the_document_is_served_and_every_path_is_a_route(here: Running) -> None:
    assert get(f"{here.url}/openapi.json").json() == document()
    for path, method in OPERATIONS:
        reply = httpx.request(
            method.upper(), here.url + path.replace("{", "").replace("}", ""), json={}, timeout=PATIENCE_S
        )
        assert reply.status_code in (200, 400, 404), path
        assert "no path called" not in reply.text


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_that_can_be_sent_breaks_the_server(schema: Any, path: str, method: str) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    operation = schema[path][method.upper()]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=40 if method == "post" else 10,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=True,
    )
    def sent(case: Any) -> None:
        if isinstance(case.body, dict) and "model" in case.body and case.body.get("model") is not None:
            case.body["model"] = "smollm2"  # else hardly any request would come further than its name
            case.body["max_tokens"] = min(case.body.get("max_tokens") or 8, 8) if _whole(case.body) else "8"
        case.validate_response(case.call(timeout=60), checks=checks)

    sent()


def _whole(body: dict[str, Any]) -> bool:
    most = body.get("max_tokens")
    return most is None or (isinstance(most, int) and not isinstance(most, bool))
