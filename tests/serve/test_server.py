"""`serve/server.py`: a port that is free or not. `tests/commands/test_serve.py` runs a whole server."""

from __future__ import annotations

import socket

import pytest

from mtlite.errors import MtliteError, UsageError
from mtlite.serve.server import address_of, is_loopback, listen


def test_a_free_port_is_taken_and_a_taken_one_named():
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address_of(listening) == f"http://127.0.0.1:{port}"
        with pytest.raises(MtliteError) as caught:
            listen("127.0.0.1", port)
        assert all(word in str(caught.value) for word in ("--port", str(port), "in use"))
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_a_name_is_resolved():
    with listen("localhost", 0) as listening:
        assert address_of(listening).startswith("http://")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "x" * 300])
def test_an_address_of_no_machine_or_another_one_is_refused(host):
    with pytest.raises(UsageError, match="--host"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected
