"""What is counted, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from nightschool.items import Usage
from nightschool.surface.server.engine import Engine

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "nightschool_requests", "Requests answered.", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "nightschool_request_seconds", "Time from request to the end of its answer.", ["path"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._tokens = Counter("nightschool_tokens", "Tokens read or sampled.", ["kind"], registry=self._registry)
        self._alive = Gauge(
            "nightschool_requests_alive", "Requests in work or waiting.", ["model"], registry=self._registry
        )
        self._steps = Gauge("nightschool_engine_steps", "Steps of the engine.", ["model"], registry=self._registry)

    def answered(self, path: str, status: int, seconds: float, usage: Usage | None) -> None:
        """Count one request. path: of the route, not of the request, so that there are few."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        if usage is not None:
            self._tokens.labels("prompt").inc(usage.prompt_tokens)
            self._tokens.labels("sampled").inc(usage.sampled_tokens)

    def page(self, engines: list[Engine]) -> bytes:
        """Return all of it as text."""
        for engine in engines:
            self._alive.labels(engine.name).set(len(engine))
            self._steps.labels(engine.name).set(engine.steps)
        return generate_latest(self._registry)
