"""Runs that cannot translate, or not together, are refused before TensorFlow is started."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtlite.cli import main
from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import Config, ModelConfig, SearchConfig
from mtlite.errors import DataError, RunError, UsageError
from mtlite.storage.checkpoint import weight_arrays
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.topologies.build import build_model
from mtlite.translation.loading import load_model, refuse_unjoinable, search_of, sets_to_score, topology_config

SHORT = LengthRules(LengthRule(1.0, 0.0), LengthRule(1.0, 0.0), fixed=6, expansion=2)
LONG = LengthRules(LengthRule(2.0, 0.0), LengthRule(1.0, 0.0), fixed=6, expansion=2)


def runs(topologies: list[str], lengths: list[LengthRules]) -> list[Any]:
    """What is asked of runs that translate together."""
    return [
        SimpleNamespace(
            path=name,
            config=SimpleNamespace(model=SimpleNamespace(topology=topology)),
            facts=SimpleNamespace(lengths=rules, source_tokenizer="a", target_tokenizer="a"),
        )
        for name, topology, rules in zip(("first", "second", "third"), topologies, lengths, strict=False)
    ]


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test fails where TensorFlow would be started."""
    monkeypatch.setattr("mtlite.export.engine.start_tensorflow", lambda *_: pytest.fail("TensorFlow is started"))


@pytest.mark.parametrize(
    ("topologies", "lengths"),
    [
        (["ctc"], [SHORT]),
        (["padded", "padded"], [SHORT, SHORT]),
        (["attention", "peek", "attention"], [SHORT, LONG, SHORT]),
    ],
)
def test_models_that_can_be_asked_together(topologies: list[str], lengths: list[LengthRules]) -> None:
    refuse_unjoinable(runs(topologies, lengths))


@pytest.mark.parametrize(
    ("topologies", "lengths", "expected"),
    [
        (["ctc", "ctc"], [SHORT, SHORT], "cannot have a ctc model"),
        (["attention", "ctc"], [SHORT, SHORT], "cannot have a ctc model"),
        (["attention", "peek", "padded"], [SHORT] * 3, "one family: attention is autoregressive, padded is direct"),
        (["padded", "last-n"], [SHORT, SHORT], "needs one topology, trained on one corpus, received padded and last-n"),
        (["padded", "padded"], [SHORT, LONG], "needs one topology, trained on one corpus"),
    ],
)
def test_models_that_cannot(topologies: list[str], lengths: list[LengthRules], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        refuse_unjoinable(runs(topologies, lengths))


def test_other_vocabularies() -> None:
    first, second = runs(["attention", "attention"], [SHORT, SHORT])
    second.facts.target_tokenizer = "b"
    with pytest.raises(UsageError, match="first and second have different vocabularies"):
        refuse_unjoinable([first, second])


def altered(run: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of a run with another configuration."""
    shutil.copytree(run, folder)
    path = folder / "resolved.yaml"
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))
    return folder


@pytest.mark.usefixtures("no_tensorflow")
def test_an_ensemble_of_two_families(tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = altered(tiny_run, tmp_path / "other", "topology: attention", "topology: vector-dense")
    assert main(["translate", str(tiny_run), str(other)]) == 2
    assert "one family: attention is autoregressive, vector-dense is direct" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "array"),
    [
        ("units: 8", "units: 12", "head/projection"),
        ("units: 8", "units: 65536", "head/projection"),
        ("embedding_size: 8", "embedding_size: 7", "embedding/table"),
    ],
)
def test_weights_of_another_shape(
    old: str, new: str, array: str, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = altered(tiny_run, tmp_path / "other", old, new)
    for engine in ("tensorflow", "onnx"):
        assert main(["translate", str(other), "--engine", engine]) == 1
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        assert array in error or engine == "onnx"  # which asks for the encoder first
        assert "the weights belong to another configuration" in error


def test_no_model_of_many_layers_is_made_without_weights_for_it(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = altered(tiny_run, tmp_path / "other", "layers: 1", "layers: 100")
    monkeypatch.setattr("mtlite.topologies.build.weight_shapes", lambda config: pytest.fail("the model is made"))
    with pytest.raises(RunError, match="expected at least 200 arrays for 100 layers, received"):
        load_model(other)


def test_a_dense_layer_has_fewer_arrays_than_an_lstm(tiny_run: Path, tmp_path: Path) -> None:
    once = altered(tiny_run, tmp_path / "once", "topology: attention", "topology: one-to-one")
    twice = altered(once, tmp_path / "twice", "bidirectional: true", "bidirectional: false")
    deep = altered(twice, tmp_path / "deep", "layers: 1", "layers: 6")
    model = build_model(topology_config(Run.open(deep)))
    save_arrays(deep / "best.safetensors", weight_arrays(model.weights), {})
    assert load_model(deep).config.layers == 6


def test_a_model_is_loaded_from_its_folder(tiny_run: Path) -> None:
    first, second = load_model(str(tiny_run)), load_model(Run.open(tiny_run), "bfloat16")
    assert (first.config.precision, second.config.precision) == ("float32", "bfloat16")
    stored, _ = load_arrays(tiny_run / "best.safetensors")
    for weight in first.weights:
        np.testing.assert_array_equal(weight.numpy(), stored[f"weights/{weight.path}"])
    with pytest.raises(RunError, match="run directory missing not found"):
        load_model("missing")


def test_a_run_that_writes_in_one_pass_is_searched_without_a_beam() -> None:
    run: Any = SimpleNamespace(config=Config(model=ModelConfig(topology="last-n"), search=SearchConfig(beam_size=5)))
    assert search_of(run, None).beam_size == 1  # an older run says 5
    assert search_of(run, SearchConfig(beam_size=4)).beam_size == 1
    assert search_of(run, {"beam_size": 1, "max_source_tokens": 9}).max_source_tokens == 9
    with pytest.raises(UsageError, match=r"search.beam_size: topology 'last-n' .* expected 1.* received 4"):
        search_of(run, {"beam_size": 4})


def test_a_penalty_of_blanks_is_for_what_writes_blanks() -> None:
    configured = SearchConfig(blank_penalty=0.5)  # a recipe of several topologies may say so
    run: Any = SimpleNamespace(config=Config(model=ModelConfig(topology="peek"), search=configured))
    assert search_of(run, None).blank_penalty == 0.5
    with pytest.raises(UsageError, match=r"search.blank_penalty: topology 'peek' writes no blanks: expected 0.* 2"):
        search_of(run, {"blank_penalty": 2.0})


def test_files_to_score_may_end_in_a_blank_line(tmp_path: Path) -> None:
    for name, content in (("a.en", "one\ntwo\n\n"), ("a.de", "eins\nzwei"), ("b.de", "eins\nzwei\n\nvier\n")):
        (tmp_path / name).write_text(content)
    run, source = Run(tmp_path / "run"), tmp_path / "a.en"
    sets = sets_to_score(run, source, tmp_path / "a.de")
    assert sets == {str(source): (["one", "two"], ["eins", "zwei"])}
    with pytest.raises(DataError, match=r"has 3 lines, .* has 4"):
        sets_to_score(run, source, tmp_path / "b.de")
