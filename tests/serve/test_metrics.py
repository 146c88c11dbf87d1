"""`serve/metrics.py`: counts, as Prometheus' own reader reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from mtlite.serve.metrics import Metrics


def test_what_is_counted_is_read_back():
    metrics = Metrics(lambda: 7)
    metrics.answered("/translate", 200, 0.2)
    metrics.answered("/translate", 400, 0.001)
    metrics.translated("en", "de", 3)
    metrics.batch(3)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert samples["mtlite_requests_total", "/translate", "200"] == 1
    assert samples["mtlite_requests_total", "/translate", "400"] == 1
    assert samples["mtlite_sentences_total", "en", "de"] == 3
    assert samples["mtlite_batch_sentences_sum",] == 3
    assert samples["mtlite_request_seconds_count", "/translate"] == 2
    assert samples["mtlite_waiting_sentences",] == 7


def test_two_servers_count_for_themselves():
    one, other = Metrics(), Metrics()
    one.batch(5)
    assert b"mtlite_batch_sentences_sum 0.0" in other.text()
