"""The benchmark: what is refused before anything is measured, and what its tables say. No test depends on a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import benchmark
import pytest
from contenders.process import Contender
from contenders.sizes import Sizes

from mtlite.errors import UsageError
from mtlite.storage.run_directory import Run


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`refused(*arguments)`: the exit code and the one line on standard error."""

    def measured(*arguments: Any) -> None:
        raise AssertionError("something was measured")

    for name in ("prepare", "measure_training", "measure_translation", "measure_starts"):
        monkeypatch.setattr(benchmark, name, measured)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["benchmark.py", *arguments])
        code = benchmark.main()
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        return code, shown.err.strip()

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--rounds 0", "benchmark.py: --rounds: expected at least 1, received 0"),
        ("--batches -1", "benchmark.py: --batches: expected at least 1, received -1"),
        ("--threads -1", "benchmark.py: --threads: expected at least 0, received -1"),
        ("--parts translation", "--parts translation: expected a finished run, received none: add --run"),
        ("--parts training start", "--parts start: expected a finished run, received none: add --run"),
        ("--pairs missing", "--pairs missing is not a folder"),
        ("--json missing/figures.json", "there is no folder missing"),
        ("--json there.png", "--json there.png exists: give a new name"),
        ("--picture there.png", "--picture there.png exists: give a new name"),
        ("--picture speed.doc", "expected a name that ends in .png, .svg, .pdf"),
        ("--picture speed.png --parts start --run a", "--picture shows training, which is not measured"),
    ],
)
def test_a_wrong_request_is_refused(
    refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.png").touch()
    code, line = refused(*arguments.split())
    assert code == 2
    assert message in line


def test_peers_without_pytorch_say_how_to_install_it(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    assert refused("--peers") == (
        2,
        'benchmark.py: --peers needs PyTorch, which is not installed: pip install -e ".[peers]"',
    )


def test_a_run_that_cannot_translate_is_refused(refused: Any, tmp_path: Path) -> None:
    for place, message in ((tmp_path / "missing", "not found"), (tmp_path, "is not a run directory")):
        code, line = refused("--run", str(place))
        assert code == 1
        assert message in line


def test_a_run_that_is_not_written_in_pytorch_is_refused(
    refused: Any, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "find_spec", lambda name: object())
    code, line = refused("--run", str(tiny_run), "--peers")  # it has one layer
    assert code == 2
    assert "leave --peers out" in line


def test_a_corpus_with_too_few_batches_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    every: Any = SimpleNamespace(epoch=lambda number: iter(range(7)))
    monkeypatch.setattr(benchmark, "Batches", lambda *arguments, **options: every)
    prepared: Any = SimpleNamespace(encoded=None, tokenizers=None)
    batches: Any = benchmark.batches_of(prepared, 4)
    assert batches == ([0, 1, 2], [3, 4, 5, 6])
    with pytest.raises(UsageError, match="--batches 5: the corpus has 7 batches, 3 of them to warm up"):
        benchmark.batches_of(prepared, 5)


def test_the_sizes_of_a_run(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.open(tiny_run)

    def rewire(**options: Any) -> None:
        monkeypatch.setattr(run, "config", replace(run.config, model=replace(run.config.model, **options)))

    rewire(layers=2)
    assert Sizes.of(run) == Sizes(run.facts.target_vocabulary, 8, 8, 2, dropout=0.0, label_smoothing=0.0)
    rewire(residual=True)
    with pytest.raises(UsageError, match="nothing residual"):
        Sizes.of(run)


def test_peak_memory_is_that_of_the_contender_alone() -> None:
    held = b"." * (300 << 20)
    contender = Contender("a list", list)
    try:
        peak = contender.peak_memory()
    finally:
        contender.close()
    assert peak is not None
    assert 1 < peak < len(held) >> 20


class Scripted:
    """Translates into what is given, a second for every call; notes what it was asked."""

    def __init__(self, hypotheses: dict[int, list[int]], memory: float) -> None:
        self.hypotheses, self.memory = hypotheses, memory
        self.asked: list[Any] = []

    def ask(self, method: str, given: Any) -> tuple[float, list[list[int]]]:
        self.asked.append((method, given))
        sources = given if method == "translate_all" else [source for batch in given for source in batch]
        return 1.0, [self.hypotheses[source[0]] for source in sources]

    def peak_memory(self) -> float:
        return self.memory


def test_translation_is_the_same_task_for_all_and_its_memory_is_stated() -> None:
    sources = [[number] for number in range(6)]
    right = {number: [number, number] for number in range(6)}
    started: Any = {
        "mtlite, float32": Scripted(right, 700.0),
        "PyTorch, float32": Scripted({**right, 5: [5]}, 1500.0),
    }
    rows = benchmark.translation_rows(started, sources, rounds=2, beam=5, batch=4)
    mine, other = started.values()
    assert mine.asked == other.asked == [("translate", [sources[:4], sources[4:]])] * 3
    assert [row.rates for row in rows] == [[6.0, 6.0]] * 2
    assert [row.to_dict()["peak_memory_mb"] for row in rows] == [700.0, 1500.0]
    _, _, *lines = benchmark.translation_table(rows).splitlines()
    assert lines == [
        "| mtlite, float32 | 5 | 4 | 1.00 × | 6.0 | 6 – 6 | 12 | 100.0% | 700 MB |",
        "| PyTorch, float32 | 5 | 4 | 1.00 × | 6.0 | 6 – 6 | 11 | 83.3% | 1,500 MB |",
    ]


def test_one_at_a_time_is_a_sample_from_the_whole_set_and_everything_is_left_to_the_searcher() -> None:
    sources = [[number] for number in range(250)]
    started: Any = {"mtlite, float32": Scripted({number: [number] for number in range(250)}, 1.0)}
    single, everything = (benchmark.translation_rows(started, sources, 1, 1, batch)[0] for batch in (1, "all"))
    assert started["mtlite, float32"].asked[0] == ("translate", [[source] for source in sources[::2]])
    assert started["mtlite, float32"].asked[-1] == ("translate_all", sources)
    assert (single.rates, everything.rates) == ([125.0], [250.0])
