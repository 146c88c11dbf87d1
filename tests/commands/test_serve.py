"""`mtlite serve`: a whole server, real clients, and signals."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.request import urlopen

import pytest
from libretranslatepy import LibreTranslateAPI
from samples import ROOT, number_pairs

from mtlite.cli import main
from mtlite.commands import serve
from mtlite.translation.translator import Translator


@contextmanager
def server(*arguments: str, engine: str = "onnx", **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that is ready, and its address."""
    options = ["--port", "0", "--threads", "1", "--engine", engine]
    command = [sys.executable, "-m", "mtlite", "serve", *arguments, *options]
    variables = {**os.environ, **environment}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=variables) as process:
        try:
            assert process.stderr
            for line in process.stderr:
                if found := re.search(r"http://\S+", line):
                    yield process, found[0]
                    break
            else:
                pytest.fail(f"it ended with {process.wait(30)}")
        finally:
            process.kill()


def post(address: str, path: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    """A request of which nothing is kept."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def waiting(address: str) -> float:
    """Sentences that wait in a server."""
    with urlopen(f"{address}/metrics", timeout=60) as answer:
        found = re.search(r"^mtlite_waiting_sentences (\S+)", answer.read().decode(), re.MULTILINE)
    assert found
    return float(found[1])


@pytest.fixture(scope="module")
def running(tiny_run):
    with server(str(tiny_run)) as (process, address):
        yield process, address


def test_a_client_of_libretranslate_is_answered_as_translate_would(running, tiny_run):
    client, translator = LibreTranslateAPI(running[1]), Translator.load(tiny_run)
    assert client.languages() == [
        {"code": "en", "name": "English", "targets": ["de"]},
        {"code": "de", "name": "German", "targets": []},
    ]
    for text in ("one two three", "", "seven\n\nnine ten"):
        expected = "\n".join(translator(text.split("\n"))) if text else ""
        assert client.translate(text, "en", "de") == expected
    assert client.detect("sieben fünf neun")[0]["language"] == "de"


def test_many_clients_at_once_get_what_translate_gives(running, tiny_run):
    sentences = [source for source, _ in number_pairs(120, seed=3)]
    expected = dict(zip(sentences, Translator.load(tiny_run)(sentences), strict=True))

    def ask(at: int) -> None:
        mine = sentences[at : at + 3]
        body = json.dumps({"q": mine, "source": "en", "target": "de"}).encode()
        status, answer = post(running[1], "/translate", body)
        assert status == 200
        assert json.loads(answer)["translatedText"] == [expected[each] for each in mine]

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(ask, range(118)))


def test_bad_requests_are_answered_and_the_server_goes_on(running):
    good = json.dumps({"q": "one", "source": "en", "target": "de"}).encode()
    long = json.dumps({"q": "one " * 30_000, "source": "en", "target": "de"}).encode()
    for body, status in ((b"{", 400), (b"x" * 10_000_000, 413), (long, 400), (good, 200)):
        found, answer = post(running[1], "/translate", body)
        assert found == status, answer[:300]
        assert ("error" in json.loads(answer)) == (status != 200)


def test_a_client_that_goes_away_leaves_it_running(running):
    host, _, port = running[1].removeprefix("http://").partition(":")
    for begun in (b"", b"POST /translate HTTP/1.1\r\nContent-Length: 100\r\n\r\n{", b"\x16\x03\x01 no HTTP"):
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.connect()
        connection.sock.sendall(begun)
        connection.close()
    assert post(running[1], "/translate", b'{"q": "one", "source": "en", "target": "de"}')[0] == 200


def test_the_page_is_served(running):
    connection = http.client.HTTPConnection(running[1].removeprefix("http://"), timeout=120)
    connection.request("GET", "/")
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status == 200
    assert b'id="page-data"' in content


@pytest.mark.parametrize(("number", "engine"), [(signal.SIGTERM, "tensorflow"), (signal.SIGINT, "onnx")])
def test_a_stop_answers_what_was_begun(number, engine, tiny_run):
    with server(str(tiny_run), "--beam", "4", engine=engine, MTLITE_API_KEY="secret") as (process, address):
        body = json.dumps({"q": "One two three four. " * 600, "source": "en", "target": "de"}).encode()
        assert post(address, "/translate", body)[0] == 403
        with ThreadPoolExecutor(2) as pool:
            begun = [pool.submit(post, address, "/translate?api_key=secret", body) for _ in range(2)]
            # One is being translated as soon as the other one waits.
            while not any(each.done() for each in begun) and waiting(address) != 600:
                pass
            process.send_signal(number)
            for status, answer in (each.result(120) for each in begun):
                assert status == 200
                assert len(json.loads(answer)["translatedText"]) >= 600
        assert process.wait(60) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["RUN", "RUN"], 2, ["en → de", "one run"]),
        (["missing"], 1, ["missing", "mtlite train"]),
        (["RUN", "--port", "70000"], 2, ["--port", "65535"]),
        (["RUN", "--host", "192.0.2.1"], 2, ["--host", "192.0.2.1"]),
        (["RUN", "--api-key", ""], 2, ["--api-key"]),
        (["RUN", "--beam", "0"], 2, ["--beam"]),
        ([], 2, ["run"]),
    ],
)
def test_a_wrong_request_is_one_line(arguments, code, words, tiny_run, capsys):
    assert main(["serve", *[str(tiny_run) if each == "RUN" else each for each in arguments]]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert all(word in line for word in words)


def test_a_port_that_is_in_use_is_named(running, tiny_run, capsys):
    port = running[1].rpartition(":")[2]
    assert main(["serve", str(tiny_run), "--port", port]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert all(word in line for word in ("--port", port, "in use"))


@pytest.mark.parametrize("module", serve._MODULES)
def test_without_the_extra_it_says_what_to_install(module, tiny_run, monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == module else find_spec(name))
    assert main(["serve", str(tiny_run)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert module in line
    assert "[serve]" in line
