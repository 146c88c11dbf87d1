"""Recipes: what is read, and what is refused with the right names."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from mtlite.config.options import Config, CorpusConfig, DataConfig, ModelConfig
from mtlite.config.plain_yaml import write_yaml
from mtlite.config.recipe import (
    as_config,
    config_from,
    dotted,
    from_text,
    merge,
    metrics_of,
    nested,
    options,
    read_config,
    read_recipe,
)
from mtlite.errors import UsageError
from mtlite.limits import MAX_DEPTH, MAX_YAML_BYTES


@pytest.fixture
def read(tmp_path):
    """`read("model: {units: 64}")`: the configuration of a recipe with this content."""

    def read_content(content: str | bytes) -> Config:
        path = tmp_path / "recipe.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_config(path)

    return read_content


@pytest.mark.parametrize(
    "content", ["", "# nothing", "---", "{}", "model:", "model: {}\ndata:\n", "\ufeffmodel:\n", "data: {train: }"]
)
def test_empty_recipes_and_sections_are_the_defaults(read, content):
    assert read(content) == Config()


@pytest.mark.parametrize(
    ("content", "name", "value"),
    [
        ("seed: 7", "seed", 7),
        ("model: {units: 64}", "model.units", 64),
        ("model: {units: '64'}", "model.units", 64),
        ("model: {units: null}", "model.units", None),
        ("training: {learning_rate: 1e-3}", "training.learning_rate", 0.001),
        ("training: {max_updates: 1e3}", "training.max_updates", 1000),
        ("data: {held_out: 010}", "data.held_out", 10),
        ("data: {held_out: 0o10}", "data.held_out", 8),
        ("data: {source_language: no, target_language: on}", "data.source_language", "no"),
        ("data: {dev: {source: 2026-11-23}}", "data.dev.source", "2026-11-23"),
        ("data: {tests: {no: {pairs: y}}}", "data.tests", {"no": CorpusConfig(pairs="y")}),
        ("training: {clip_norm: 5}", "training.clip_norm", 5.0),
        ("training: {schedule: cosine}", "training.schedule", "cosine"),
        ("training: {deterministic: true}", "training.deterministic", True),
        ("tokenizer: {joint: 'false'}", "tokenizer.joint", False),
        ("data: {train: {source: größe.en}}", "data.train", [CorpusConfig("größe.en")]),
        ("data: {train: [{source: a}, {pairs: b}]}", "data.train", [CorpusConfig("a"), CorpusConfig(pairs="b")]),
        ("data: {train: []}", "data.train", []),
        ("data: {dev: {source: a.en}}", "data.dev.source", "a.en"),
        ("data: {dev: {source: 'null'}}", "data.dev.source", "null"),
        ("data: {seed: 3}", "data.seed", 3),
        ("data: {tests: {long-1: {source: a, target: b}}}", "data.tests", {"long-1": CorpusConfig("a", "b")}),
    ],
)
def test_values_in_their_types(read, content, name, value):
    found: Any = read(content)
    for part in name.split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("modle: {units: 64}", "unknown option 'modle': expected model"),
        ("model: {unit: 64}", "unknown option 'model.unit': expected model.units"),
        ("units: 64", "unknown option 'units': expected model.units"),
        ("model: {vocabulary_size: 100}", "expected tokenizer.vocabulary_size"),
        ("model: {xyz: red}", "expected model.topology or model.embedding_size"),
        ("data: {tests: {long: {sorce: a}}}", "expected data.tests.long.source"),
        ("data: {train: {sorce: a}}", "unknown option 'data.train.sorce': expected data.train.source"),
        ("data: {train: [{}, {sorce: a}]}", "unknown option 'data.train[2].sorce': expected data.train[2].source"),
        ("data: {train: a.en}", "data.train: expected a list of sections, received a.en"),
        ("data: {train: [a.en]}", "data.train[1]: expected options such as source, received a.en"),
        *[
            (f"data: {{{name}: a}}", f"data.{name}: training pairs are given under data.train: write data.train.{name}")
            for name in ("source", "target", "pairs", "dataset", "configuration", "split")
        ],
        ("training: {plateau_factor: 0.5}", "training.plateau_factor: the schedule plateau is gone"),
        ("training: {schedule: plateau}", "expected one of constant, linear, cosine, inverse-square-root, received"),
        ("1: 2", "unknown option '1': expected seed or data"),
        ("model: 3", "model: expected options such as topology, received 3"),
        ("model: [1]", "model: expected options such as topology, received a list of 1"),
        ("data: recipe.yaml", "data: expected options such as train, received recipe.yaml"),
        ("data: {tests: [a]}", "data.tests: expected values by name, such as {long: {source: …, target: …}}"),
        ("data: {tests: {long: os.path}}", "data.tests.long: expected options such as source, received os.path"),
        ("data: {tests: {'../long': {source: a}}}", "data.tests: expected names of letters"),
        ("data: {tests: {dev: {source: a}}}", "data.tests: expected names"),
        ("data: {dev: {source: 5}}", "data.dev.source: expected text or null, received 5"),
        (
            "data: {source_language: ''}",
            "data.source_language: expected a language code such as de, or null, received ''",
        ),
        (
            "data: {target_language: ''}",
            "data.target_language: expected a language code such as de, or null, received ''",
        ),
        ("data: {source_language: false}", "data.source_language: expected text or null, received false"),
        ("data: {dev: {source: 010}}", "data.dev.source: expected text or null, received 10"),
        ("model: {units: true}", "model.units: expected a whole number or null, received true"),
        ("model: {units: 64.5}", "model.units: expected a whole number or null, received 64.5"),
        ("model: {units: many}", "model.units: expected a whole number or null, received many"),
        ("model: {units: 100000}", "model.units: expected at most 65,536, received 100000"),
        (f"model: {{units: {10**30}}}", "model.units: expected at most 65,536, received a number of more than 64 bits"),
        ("model: {units: 0}", "model.units: expected at least 1, received 0"),
        ("seed: null", "seed: expected a whole number, received null"),
        ("seed: 2147483648", "seed: expected at most 2,147,483,647"),
        ("training: {learning_rate: .inf}", "training.learning_rate: expected a number or null, received inf"),
        ("training: {learning_rate: .nan}", "training.learning_rate: expected a number or null, received nan"),
        ("training: {learning_rate: 1e999}", "line 1 is not plain YAML: 1e999 is too large a number"),
        ("training: {learning_rate: -3}", "training.learning_rate: expected at least 0, received -3"),
        ("model: {dropout: 1}", "model.dropout: expected a number from 0 to below 1, received 1"),
        (
            "training: {schedule: linar}",
            "expected one of constant, linear, cosine, inverse-square-root, received linar",
        ),
        ("training: {deterministic: 1}", "training.deterministic: expected true or false, received 1"),
        ("training: {deterministic: yes}", "training.deterministic: expected true or false, received yes: write true"),
        ("model: {topology: atention}", "unknown topology 'atention': expected"),
        (
            "{model: {topology: last-n}, search: {nbest: 3}}",
            "search.nbest: topology 'last-n' writes one hypothesis a sentence: expected 1, or a run of many-to-one, ",
        ),
        ("{model: {topology: last-n}, search: {sample: true}}", "search.sample: topology 'last-n' writes all tokens"),
        ("model: {topology: padded, wait: 0.2}", "topology 'padded' cannot have model.wait=0.2"),
        ("model: {units: 7}", "model.units: expected an even number for two directions, received 7"),
        ("model: {attention_heads: 3}", "model.attention_heads: expected one of 1, 2, 4, 8, received 3"),
        ("model: {units: 6, attention_heads: 4}", "expected a multiple of model.attention_heads (4), received 6"),
        ("data: {cleaning: {max_length_ratio: 0.5}}", "data.cleaning.max_length_ratio: expected 0 (off), 1 or more"),
        (
            "tokenizer: {kind: word, sampling: 0.1}",
            "expected tokenizer.kind unigram or bpe, received word: leave it out",
        ),
        ("tokenizer: {kind: bpe, sampling: 2}", "tokenizer.sampling: expected a share of merges for bpe, from 0 to 1"),
        ("tokenizer: {kind: char, byte_fallback: true}", "expected tokenizer.kind unigram or bpe, received char"),
        ("search: {nbest: 6}", "search.nbest: expected at most search.beam_size (5), received 6"),
    ],
)
def test_a_wrong_name_or_value_names_the_right_ones(read, content, expected):
    with pytest.raises(UsageError) as error:
        read(content)
    assert expected in str(error.value)
    assert "recipe.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("seed: 1\nseed: 2", "line 2 is not plain YAML: seed is given twice"),
        ("model:\n  units: 2\n  units: 4", "line 3 is not plain YAML: units is given twice"),
        ("model: &a {units: 2}\ndata: *a", "line 2 is not plain YAML: an alias"),
        ("model: &a {x: *a}", "an alias"),
        ("seed: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("!!python/object/new:os.system [true]", "could not determine a constructor"),
        ("seed: !command x", "could not determine a constructor"),
        ("\tseed: 1", "line 1 is not plain YAML: found character '\\t'"),
        ("model:\n\tunits: 1", "line 2 is not plain YAML: found character '\\t'"),
        ("model: {units: 1", "is not plain YAML"),
        ("seed: 1\n---\nseed: 2", "line 2 is not plain YAML"),
        ("? [a]\n: 1", "line 1 is not plain YAML: expected a name"),
        ("- seed", "expected sections such as data: and model:, received a list of 1"),
        ("hello", "expected sections such as data: and model:, received hello"),
        ("seed: !!int x", "line 1 is not plain YAML: x is no int"),
        ("seed: !!timestamp x", "could not determine a constructor"),
        ("seed: !!binary aGFsbG8=", "could not determine a constructor"),
        ("seed: " + "1" * 5000, "1 is too large a number"),
        (b"seed: \xff", "is not YAML"),
        (b"\x00", "is not YAML"),
        ("{a: " * (MAX_DEPTH + 2), f"it nests deeper than {MAX_DEPTH} levels"),
        ("[" * 300, f"it nests deeper than {MAX_DEPTH} levels"),
        ("#" * (MAX_YAML_BYTES + 1), f"expected at most {MAX_YAML_BYTES:,}"),
    ],
)
def test_anything_but_plain_values_is_refused(read, content, expected):
    with pytest.raises(UsageError) as error:
        read(content)
    assert expected in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("name", ["missing.yaml", ".", "with\0null"])
def test_what_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(UsageError, match="cannot read recipe"):
        read_recipe(tmp_path / name)


def test_a_value_names_no_module_to_import(read, tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for content in ("data: planted.X", "data: {tests: {long: planted.X}}", "data: {dev: {class_path: planted.X}}"):
        with pytest.raises(UsageError):
            read(content)


def test_a_value_names_no_file_to_load(read, tmp_path, monkeypatch):
    (tmp_path / "model.yaml").write_text("units: 64")
    monkeypatch.chdir(tmp_path)
    for content in ("model: model.yaml", "data: {tests: {long: model.yaml}}", "data: {tests: model.yaml}"):
        with pytest.raises(UsageError):
            read(content)


def test_what_is_saved_with_a_run_is_read_back(read):
    config = read(
        "seed: 5\nmodel: {units: 64, dropout: 0.25}\ndata: {tests: {long: {source: 'a: b', target: 'null'}}, "
        "train: [{source: a}, {pairs: b}]}"
    )
    assert read(write_yaml(config.to_dict())) == config


def test_every_option_is_explained():
    names = [option.name for option in options()]
    assert {"seed", "model.topology", "tokenizer.vocabulary_size", "training.batch_tokens", "search.beam_size"} < {
        *names
    }
    assert len(names) == len(set(names))
    assert all(len(option.help) > 10 for option in options())


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model.units", "null", None),
        ("data.train.source", "null", None),
        ("data.train.source", "[a", "[a"),
        ("data.dev.source", "!!python/name:os.system", "!!python/name:os.system"),
        ("training.schedule", "null", "null"),
        ("data.tests", '{"long": {"source": "x", "target": "y"}}', {"long": {"source": "x", "target": "y"}}),
    ],
)
def test_text_of_the_command_line(name, text, value):
    option = next(option for option in options() if option.name == name)
    assert from_text(option, text) == value


def test_aliases_on_the_command_line_are_refused():
    option = next(option for option in options() if option.name == "data.tests")
    with pytest.raises(UsageError, match="alias"):
        from_text(option, "{a: &a {source: x}, b: *a}")


def test_the_defaults_are_a_configuration():
    assert config_from({}, "nothing") == Config()


def test_options_over_a_recipe():
    base = {"model": {"units": 1, "layers": 2}, "data": {"train": [{"source": "a"}, {"source": "b"}]}, "seed": 1}
    over = {"model": {"units": 3}, "data": {"train": {"source": "c"}}, "training": {"threads": 1}}
    before = copy.deepcopy((base, over))
    assert merge(base, over) == {
        "model": {"units": 3, "layers": 2},
        "data": {"train": {"source": "c"}},  # not the second corpus beside another first one
        "seed": 1,
        "training": {"threads": 1},
    }
    assert (base, over) == before


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {}),
        ({"seed": 2, "model.units": 3, "model.layers": 1}, {"seed": 2, "model": {"units": 3, "layers": 1}}),
        ({"model": {"layers": 1}, "model.units": 3}, {"model": {"layers": 1, "units": 3}}),
        ({"model": 3, "model.units": 4}, {"model": {"units": 4}}),
        ({1: 2}, {"1": 2}),
    ],
)
def test_dotted_names_are_sections(values, expected):
    before = copy.deepcopy(values)
    assert nested(values) == expected
    assert values == before


WRONG: Any = {"model": 3}


class TestAsConfig:
    def test_every_way_to_say_it(self, tmp_path):
        expected = Config(data=DataConfig(train=[CorpusConfig("a", "b")]), model=ModelConfig(units=6))
        path = tmp_path / "recipe.yaml"
        path.write_text("{data: {train: {source: a, target: b}}, model: {units: 6}}")
        by_name = {"data.train.source": "a", "data.train.target": "b", "model.units": 6}
        for source in (expected, path, str(path), by_name, {"data.train": [{"source": "a", "target": "b"}], **by_name}):
            assert as_config(source) == expected

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            (None, "received NoneType null"),
            (3, "expected a mtlite.Config, the path of a recipe or options by name, received int 3"),
            ([1], "received list a list of 1"),
            ({"model.unit": 3}, "the options: unknown option 'model.unit': expected model.units"),
            ({1: 2}, "the options: unknown option '1'"),
            (Config(seed=-1), "the configuration: seed: expected at least 0, received -1"),
            (Config(model=ModelConfig(topology="peek", wait=0.1)), "topology 'peek' cannot have model.wait=0.1"),
            (
                dataclasses.replace(Config(), **WRONG),
                "the configuration: model: expected options such as topology, received 3",
            ),
        ],
    )
    def test_what_is_none(self, source, message):
        with pytest.raises(UsageError) as error:
            as_config(source)
        assert message in str(error.value)


def test_an_ablation_recipe_is_none_of_a_training() -> None:
    with pytest.raises(UsageError, match="ablation: this is an ablation recipe: give it to mtlite ablate"):
        config_from({"ablation": {}}, "here")


def test_dotted_names_and_sections_are_the_same_in_two_ways():
    sections = {"seed": 1, "model": {"units": 8}, "data": {"train": {"source": "a"}, "tests": {}}}
    names = {"seed": 1, "model.units": 8, "data.train.source": "a", "data.tests": {}}
    assert dotted(sections) == names
    assert nested(names) == sections


def test_metrics_are_checked_as_in_a_recipe():
    assert metrics_of(["ter", "bleu"]) == ["ter", "bleu"]
    with pytest.raises(UsageError, match=r"^--metrics: evaluation\.metrics: .* received bleu twice"):
        metrics_of(["bleu", "bleu"], "--metrics")


def test_an_option_has_its_own_default():
    defaults = {option.name: option.default for option in options()}
    assert (defaults["training.batch_tokens"], defaults["search.beam_size"], defaults["seed"]) == (None, 5, 1)
