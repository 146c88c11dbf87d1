"""The benchmark: what is refused before anything is measured, and what its tables say. No test depends on a time."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import benchmark
import numpy as np
import pytest
from benchmark_tables import (
    EVERYTHING,
    ONNX_START,
    OUR_START,
    PHRASES,
    PLAIN,
    PRECISIONS,
    PRODUCTS,
    PYTORCH_START,
    Figures,
    Row,
    accounting_table,
    engines_table,
    training_table,
    translation_summary,
    translation_table,
    with_figures,
)
from contenders.accounting import added_up
from contenders.onnx_search import WEIGHTS
from contenders.process import Contender
from contenders.sizes import Sizes
from contenders.variants import KEPT, PYTORCH

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
    benchmark.compare_outputs(rows)
    mine, other = started.values()
    assert mine.asked == other.asked == [("translate", [sources[:4], sources[4:]])] * 3
    assert [row.rates for row in rows] == [[6.0, 6.0]] * 2
    assert [row.facts["peak_memory_mb"] for row in rows] == [700.0, 1500.0]
    _, _, *lines = translation_table(rows).splitlines()
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


def test_a_contender_has_variables_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_BEFORE", "ours")
    contender = Contender("variables", Environment, environment={"SET_BEFORE": "theirs", "SET_FOR_IT": "yes"})
    try:
        assert [contender.ask("value", name) for name in ("SET_BEFORE", "SET_FOR_IT")] == ["theirs", "yes"]
    finally:
        contender.close()
    assert os.environ["SET_BEFORE"] == "ours"
    assert "SET_FOR_IT" not in os.environ


def test_every_way_to_run_pytorch_is_asked_in_both_precisions() -> None:
    options: Any = SimpleNamespace(threads=2, peers=True, run="run")
    names = [variant.named("float32") for variant in PYTORCH]
    assert names == [
        "PyTorch, float32",
        "PyTorch, memory kept, float32",
        "PyTorch, two lanes, float32",
        "PyTorch, two lanes, memory kept, float32",
    ]
    pytest.importorskip("torch")
    sizes = Sizes(10, 4, 4, 2, dropout=0.0, label_smoothing=0.0)
    made = benchmark.training_contenders(sizes, np.zeros((1, 3)), "float32", options)
    assert [name for name in made if name.startswith("PyTorch")] == names
    for makers in (made, benchmark.translation_contenders(5, EVERYTHING, "float32", options)):
        kept = [name for name, each in makers.items() if "glibc.malloc" in each.environment.get("GLIBC_TUNABLES", "")]
        assert kept == [name for name in makers if "memory kept" in name]
        assert "mtlite, memory kept, float32" in kept
        assert [makers[name].arguments[-1] for name in names] == [1, 1, 2, 2]


def test_onnxruntime_translates_with_the_same_weights_and_search(tiny_run: Path) -> None:
    options: Any = SimpleNamespace(threads=1, peers=False, run=str(tiny_run))
    made = benchmark.translation_contenders(2, EVERYTHING, "float32", options)
    sources = benchmark.sources_of(str(tiny_run))
    mine, other, rounded = (
        made[name].make(*made[name].arguments)
        for name in ("mtlite, float32", "onnxruntime, float32", "onnxruntime, int8 weights, float32")
    )
    expected = mine.translate_all(sources)[1]
    assert other.translate_all(sources)[1] == other.translate([sources[:3], sources[3:]])[1] == expected
    assert len(rounded.translate_all(sources)[1]) == len(sources)
    assert not any("onnx" in name for name in benchmark.translation_contenders(2, EVERYTHING, "bfloat16", options))


class Environment:
    """Tells variables of its process."""

    def value(self, name: str) -> str | None:
        return os.environ.get(name)


def made_up() -> Figures:
    """A record in which mtlite trains 20 tokens a second, and the fastest PyTorch 10."""
    kinds = {"mtlite": 20.0, f"mtlite, {KEPT}": 21.0, **{variant.named("")[:-2]: 7.0 for variant in PYTORCH}}
    kinds["PyTorch, two lanes"] = 10.0
    rows = [
        Row(f"{kind}, {each}", [rate], {"peak_memory_mb": 9}) for kind, rate in kinds.items() for each in PRECISIONS
    ]
    onnx = [Row(name, [5.0], {"peak_memory_mb": 3}) for name in WEIGHTS]
    translation = [
        Row(row.name, row.rates, {**row.facts, "beam": beam, "batch": batch, "same": 0.5, "tokens_per_sentence": 3.0})
        for beam, batch, row in product((1, 5), (1, EVERYTHING), [*rows, *onnx])
    ]
    starts = [Row(name, [0.5]) for name in ("mtlite --help", "import tensorflow", OUR_START, ONNX_START, PYTORCH_START)]
    ceilings = [Row(each, [4.0]) for each in PRECISIONS]
    rows.append(Row(f"{PRODUCTS}, float32", [30.0]))
    return Figures("abacus", 100.0, ceilings, [*rows, Row(PLAIN, [4.0])], translation, starts)


def test_the_fastest_pytorch_is_the_peer() -> None:
    figures = made_up()
    assert figures.fastest_pytorch("bfloat16").name == "PyTorch, two lanes, bfloat16"
    *_, products = training_table(figures).splitlines()
    assert products == f"| {PLAIN} | 5.00 × | 4 | 4 – 4 | 10% | – |"
    assert "| PyTorch, two lanes, bfloat16 | 2.00 × | 10 | 10 – 10 | 25% | 9 MB |" in training_table(figures)
    assert translation_summary(figures).splitlines()[2] == "| greedy, bfloat16 | 2.00 × | 20 | 21 | 7 | 7 | 10 | 7 |"


def test_whatever_translates_has_a_line() -> None:
    first, *rows = engines_table(made_up()).splitlines()[1:]
    assert first.count("|") == 9
    assert rows == [
        "| mtlite, bfloat16 | 20 | 20 | 50 ms | 50 ms | 9 MB | 2 s | 50% |",
        "| mtlite, float32 | 20 | 20 | 50 ms | 50 ms | 9 MB | 2 s | 50% |",
        "| onnxruntime, float32 | 5 | 5 | 200 ms | 200 ms | 3 MB | 2 s | 50% |",
        "| onnxruntime, int8 weights, float32 | 5 | 5 | 200 ms | 200 ms | 3 MB | 2 s | 50% |",
        "| the fastest PyTorch, bfloat16 | 10 | 10 | 143 ms | 143 ms | 9 MB | 2 s | 50% |",
        "| the fastest PyTorch, float32 | 10 | 10 | 143 ms | 143 ms | 9 MB | 2 s | 50% |",
    ]


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    figures = made_up()
    figures.write(tmp_path / "record.json")
    assert Figures.read(tmp_path / "record.json") == figures


def test_figures_in_sentences_are_those_of_a_record() -> None:
    page = "Today, training is 1.91 times as fast as in plain\n  Keras, 1.08 times as in tuned PyTorch. In 2 rooms."
    expected = "Today, training is 5.00 times as fast as in plain\n  Keras, 2.00 times as in tuned PyTorch. In 2 rooms."
    assert with_figures(page, made_up()) == expected
    for phrase in PHRASES:
        shown = phrase.replace("{}", "0.1")
        assert with_figures(shown, made_up()) != shown


def test_time_is_added_up_by_kind_of_operation() -> None:
    events = [
        ("ExecutorState::Process", 5.0),
        ("above_3/while/MatMul:_MklMatMul", 2.0),
        ("encoder/Einsum:Einsum", 0.5),
        ("while/Cast_1:Cast", 0.5),
        ("TensorArrayV2Stack_1/TensorListStack:TensorListStack", 0.25),
        ("above_3/add:AddV2", 0.25),
        ("ResourceApplyAdam_19:ResourceApplyAdam", 0.5),
        ("EagerLocalExecute: __inference", 100.0),
        ("KernelAndDeviceFunc::Run", 100.0),
    ]
    found = added_up(events, total=6.0)
    assert {kind: seconds for kind, seconds in found.items() if seconds} == {
        **{"matrix products": 2.5, "casts": 0.5, "copies": 0.25, "elementwise and sums": 0.25},
        **{"optimizer and norm": 0.5, "executor": 1.0, "waiting": 1.0},
    }
    *_, line = accounting_table({"training, float32": found}).splitlines()
    assert line.startswith("| training, float32 | 41.7% | 4.2% |")
