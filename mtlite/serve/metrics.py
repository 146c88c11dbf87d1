"""What a server counts, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_SENTENCES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 2_000)


class Metrics:
    """Counts of one server; Linux adds its memory and processor time."""

    def __init__(self, waiting: Callable[[], float] = lambda: 0.0) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter("mtlite_requests", "Requests answered", ["path", "status"], registry=self.registry)
        self._seconds = Histogram(
            "mtlite_request_seconds", "From a request to its answer", ["path"], buckets=_SECONDS, registry=self.registry
        )
        self._sentences = Counter(
            "mtlite_sentences", "Sentences translated", ["source", "target"], registry=self.registry
        )
        self._batches = Histogram(
            "mtlite_batch_sentences", "Sentences translated together", buckets=_SENTENCES, registry=self.registry
        )
        Gauge("mtlite_waiting_sentences", "Sentences that wait", registry=self.registry).set_function(waiting)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def translated(self, source: str, target: str, sentences: int) -> None:
        """Count sentences of an answer."""
        self._sentences.labels(source, target).inc(sentences)

    def batch(self, sentences: int) -> None:
        """Count a batch."""
        self._batches.observe(sentences)

    def text(self) -> bytes:
        """All counts, as Prometheus reads them."""
        return generate_latest(self.registry)
