import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mtlite.errors import MtliteError, RunError
from mtlite.training import channel as module
from mtlite.training.channel import Channel, LostError
from mtlite.training.cluster import Cluster, free_local_addresses, host_and_port


def together(*functions):
    """The results, or errors, of functions that run at once."""
    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(function) for function in functions]
        return [future.exception() or future.result() for future in futures]


@pytest.fixture(autouse=True)
def ended(monkeypatch):
    """Set when a channel ends its process, which is that of the tests here."""
    event = threading.Event()
    monkeypatch.setattr(os, "_exit", lambda code: event.set())
    return event


def called(addresses, number):
    """What a worker hears that comes and calls."""
    channel = Channel(Cluster(addresses, number), 10)
    try:
        return channel.exchange(number)
    finally:
        channel.close()


def connected(count, **options):
    addresses = free_local_addresses(count)
    return together(*(lambda n=number: Channel(Cluster(addresses, n), 10, **options) for number in range(count)))


@pytest.fixture
def channels():
    made = connected(3)
    yield made
    for each in made:
        each.close()


def test_every_worker_gets_the_values_of_all_in_their_order(channels):
    for value in ("first", [1, None, 0.1], {"x": "ä\n"}):
        found = together(
            *(lambda each=each, value=value: each.exchange([each.cluster.number, value]) for each in channels)
        )
        assert found == [[[number, value] for number in range(3)]] * 3


@pytest.mark.parametrize("victim", [0, 2])
def test_the_end_of_one_is_an_error_of_all_others(channels, victim):
    others = [each for each in channels if each.cluster.number != victim]
    channels[victim].close()  # as the system does for a process that is killed
    for error in together(*(lambda each=each: each.exchange(1) for each in others)):
        assert isinstance(error, LostError)
        assert channels[0].cluster.addresses[victim] in str(error)
        assert "--resume" in str(error)


def test_the_reason_of_an_end_goes_round(channels):
    channels[1].close("worker 1 has stopped (no space left)")
    for each in (channels[0], channels[2]):
        assert each.wait_for_loss(10)
        assert "no space left" in each.lost


def test_who_does_not_end_is_ended(monkeypatch, capsys, ended):
    monkeypatch.setattr(module, "_SECONDS_TO_END", 0.0)
    first, second = connected(2)
    second.close()
    assert ended.wait(10)
    first.close()
    assert "worker 1" in capsys.readouterr().err


def test_who_does_not_come_is_named():
    addresses = free_local_addresses(3)
    chief, worker = together(lambda: Channel(Cluster(addresses, 0), 1.0), lambda: called(addresses, 1))
    assert isinstance(chief, RunError)
    for error in (chief, worker):
        assert f"worker 2 ({addresses[2]})" in str(error)
        assert "--wait-for-workers" in str(error)


def test_a_chief_who_does_not_come_is_named():
    addresses = free_local_addresses(2)
    with pytest.raises(RunError, match=r"the chief .*--wait-for-workers"):
        Channel(Cluster(addresses, 1), 0.3)


def test_who_waits_may_be_stopped():
    def check():
        raise MtliteError("it has ended")

    addresses = free_local_addresses(2)
    for number in range(2):
        with pytest.raises(MtliteError, match="it has ended"):
            Channel(Cluster(addresses, number), 10, check)


def test_a_port_in_use_is_refused_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(RunError, match=f"cannot listen at {address}.*port"):
            Channel(Cluster((address, "127.0.0.1:1"), 0), 10)


def test_another_number_of_workers_is_refused():
    addresses = free_local_addresses(4)
    errors = together(lambda: Channel(Cluster(addresses, 0), 10), lambda: called(addresses[:3], 2))
    assert all(isinstance(error, MtliteError) and "--workers: expected 4" in str(error) for error in errors)


def test_one_number_for_two_workers_is_refused():
    chief, first, second = free_local_addresses(3)
    twice = [Cluster((chief, address, "127.0.0.1:1"), 1) for address in (first, second)]
    errors = together(
        lambda: Channel(Cluster((chief, first, second), 0), 10), *(partial(called, each.addresses, 1) for each in twice)
    )
    assert all(isinstance(error, MtliteError) and "received worker 1 twice" in str(error) for error in errors)


def test_strangers_are_sent_away():
    addresses = free_local_addresses(2)

    def stranger():
        for text in (b"GET / HTTP/1.0\r\n\r\n", b'{"worker": "1"}\n', b"[]\n", b'{"worker": true, "of": 2}\n'):
            while True:
                try:
                    with socket.create_connection(host_and_port(addresses[0]), timeout=10) as connection:
                        connection.sendall(text)
                        assert connection.recv(1) == b""
                        break
                except ConnectionRefusedError:
                    continue
                except ConnectionResetError:
                    break
        return Channel(Cluster(addresses, 1), 10)

    first, second = together(lambda: Channel(Cluster(addresses, 0), 10), stranger)
    assert together(lambda: first.exchange(1), lambda: second.exchange(2)) == [[1, 2], [1, 2]]
    first.close()
    second.close()
