"""Ask a server by many clients at once, and look at its answers, its speed and its memory (Linux).

    python scripts/serve_load.py runs/multi30k-en-de-1

A server is started, and each client asks for sentences of the test set, one request after another. Every answer is
compared with what `mtlite translate` gives. Sums of products differ in the last digits with the other sentences of a
batch, so that hypotheses whose scores tie may change places: an answer that differs is counted, and it is mixed up if
it is the translation of another sentence. The speed stands beside that of `mtlite translate` for the whole test set, in
the same search; both are measured with the models loaded.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.export.engine import Engine, open_translator
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import open_runs, search_of
from mtlite.translation.paragraphs import split_text

ROOT = Path(__file__).resolve().parents[1]
MEMORY = re.compile(rb"^process_resident_memory_bytes (\S+)", re.MULTILINE)


@dataclass
class Answers:
    """What all clients have heard."""

    seconds: list[float] = field(default_factory=list)  # of each request
    counts: Counter[str] = field(default_factory=Counter)  # of sentences by what came back, and of errors
    lock: threading.Lock = field(default_factory=threading.Lock)
    translations: frozenset[str] = frozenset()  # of all sentences

    def add(self, seconds: float, sentences: list[str], answers: list[str] | None, expected: dict[str, str]) -> None:
        """Note an answer; None is an error."""
        with self.lock:
            self.seconds.append(seconds)
            if answers is None or len(answers) != len(sentences):
                self.counts["errors"] += 1
                return
            for sentence, answer in zip(sentences, answers, strict=True):
                others = answer != expected[sentence] and answer in self.translations
                self.counts["same" if answer == expected[sentence] else "mixed up" if others else "differ"] += 1


def start(run: Path, options: list[str]) -> tuple[subprocess.Popen[str], str]:
    """Start a server; give it with its host and port when it is ready."""
    command = [sys.executable, "-m", "mtlite", "serve", str(run), "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if found := re.search(r"http://\S+", line):
            return process, str(urlsplit(found[0]).netloc)
        print(line, end="", file=sys.stderr)
    raise SystemExit(f"the server ended with {process.wait()}")


def memory(place: str) -> float:
    """Megabytes of the server."""
    connection = http.client.HTTPConnection(place, timeout=60)
    connection.request("GET", "/metrics")
    found = MEMORY.search(connection.getresponse().read())
    connection.close()
    return float(found[1]) / 1e6 if found else 0.0


def ask(place: str, run: Run, expected: dict[str, str], many: int, until: float, seed: int, answers: Answers) -> None:
    """One client, until its time is over."""
    draw, sentences = random.Random(seed), list(expected)
    connection = http.client.HTTPConnection(place, timeout=600)
    while time.perf_counter() < until:
        mine = draw.sample(sentences, many)
        body = {"q": mine, "source": run.facts.source_language, "target": run.facts.target_language}
        begin = time.perf_counter()
        connection.request("POST", "/translate", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        found = json.loads(content)["translatedText"] if answer.status == 200 else None
        answers.add(time.perf_counter() - begin, mine, found, expected)
    connection.close()


def one_sentence_each(run: Run) -> list[str]:
    """Sources of the first test set that a server takes for one sentence."""
    sources = dict.fromkeys(run.read_side(f"{run.facts.tests[0]}.source"))
    return [source for source in sources if split_text(source).sentences == [source]]


def main() -> int:
    """Ask and report; the exit code is 1 if an answer was an error or another sentence's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a finished run directory")
    parser.add_argument("--clients", type=int, default=64, help="(default: 64)")
    parser.add_argument("--sentences", type=int, default=10, help="of each request (default: 10)")
    parser.add_argument("--seconds", type=float, default=60.0, help="(default: 60)")
    parser.add_argument("--beam", type=int, default=5, help="(default: 5)")
    parser.add_argument("--engine", choices=get_args(Engine), default="auto", help="of both (default: auto)")
    options = parser.parse_args()
    opened = open_runs([options.run])
    run = opened.runs[0]
    sources = one_sentence_each(run)
    search = search_of(run, {"beam_size": options.beam, "nbest": 1})
    translator = open_translator(opened, search, options.engine)
    translator.translate(sources[:100])
    begin = time.perf_counter()
    expected = {source: each.texts[0] for source, each in zip(sources, translator.translate(sources), strict=True)}
    alone = len(sources) / (time.perf_counter() - begin)
    process, place = start(run.path, ["--beam", str(options.beam), "--engine", options.engine])
    answers = Answers(translations=frozenset(expected.values()))
    before, until = memory(place), time.perf_counter() + options.seconds
    shared = place, run, expected, options.sentences, until
    clients = [threading.Thread(target=ask, args=(*shared, seed, answers)) for seed in range(options.clients)]
    begin = time.perf_counter()
    for client in clients:
        client.start()
    half = threading.Timer(
        options.seconds / 2, lambda: print(f"memory after half: {memory(place):,.0f} MB", flush=True)
    )
    half.start()
    for client in clients:
        client.join()
    elapsed = time.perf_counter() - begin
    after = memory(place)
    process.terminate()
    process.wait(60)
    count, served = len(answers.seconds), answers.counts.total() - answers.counts["errors"]
    marks = statistics.quantiles(answers.seconds, n=100)
    print(f"{count:,} requests of {options.sentences} sentences by {options.clients} clients in {elapsed:.0f} s")
    print(", ".join(f"{what}: {answers.counts[what]:,}" for what in ("same", "differ", "mixed up", "errors")))
    print(f"sentences/s: {served / elapsed:,.0f}, {served / elapsed / alone:.0%} of {alone:,.0f} by translate alone")
    print(
        f"latency: p50 {marks[49]:.2f} s, p99 {marks[98]:.2f} s; memory: {before:,.0f} MB, at the end {after:,.0f} MB"
    )
    return int(bool(answers.counts["errors"] or answers.counts["mixed up"]))


if __name__ == "__main__":
    raise SystemExit(main())
