"""Tables of variants of one recipe: on several corpora, beside figures in print; with several tricks."""

from __future__ import annotations

import dataclasses
import json
import lzma
import re
from pathlib import Path
from typing import Any

import captions
import defaults
import ensembles
import findings
import g2p_languages
import pytest
import scan_splits
import speed_run
import sweeps
import tricks
from made_up import made_up, references
from recipe_variants import ONE_SYSTEM, RECIPES

from mtlite.ablation.ablate import read_ablation
from mtlite.ablation.cell_configs import base_config
from mtlite.ablation.header import Header
from mtlite.ablation.record import Record
from mtlite.commands.ablate import ablation_values, make_parser, with_overrides
from mtlite.commands.parsing import config_values
from mtlite.comparison.outcome import Outcome
from mtlite.config.options import Config
from mtlite.config.recipe import read_recipe


def recorded(path: Path, mistakes: dict[str, float], **options: Any) -> Path:
    """A record that is judged by whole sequences."""
    header, outcomes = made_up(mistakes, **options)
    header = dataclasses.replace(header, recipe={**header.recipe, "evaluation": {"metrics": ["exact-match", "per"]}})
    return written(path, header, outcomes)


def written(path: Path, header: Header, outcomes: dict[str, Outcome]) -> Path:
    """A record of them."""
    record = Record(path)
    record.add_header(header)
    for name, outcome in outcomes.items():
        record.add(header, name, outcome)
    return path


def test_scan_beside_what_is_in_print(tmp_path: Path) -> None:
    right = recorded(tmp_path / "jump.jsonl.xz", {"attention": 0.0, "peek": 1.0}, seeds=[1, 2, 3])
    alone = recorded(tmp_path / "length.jsonl.xz", {"attention": 1.0}, topologies=["attention"], seeds=[1])
    columns, (attention, peek, lstm, best) = scan_splits.table({"jump": right, "length": alone})
    assert columns == ["topology", "jump", "length"]
    assert attention == ["`attention`", "95.00 ± 0.00", "0.00"]
    assert peek[0] == "`peek`"
    assert peek[2] == "–"
    assert lstm[1:] == ["0.08", "13.8"]
    assert best[1:] == ["1.2", "20.8"]


def test_dials_have_a_column_for_each_step(tmp_path: Path) -> None:
    dial = sweeps.DIALS["pairs"]
    records: dict[float, Path] = {
        step: recorded(tmp_path / f"{step}", {"attention": rate, "ctc": 2 * rate}, topologies=["attention", "ctc"])
        for step, rate in {3625: 0.4, 29000: 0.1}.items()
    }
    columns, (attention, ctc) = sweeps.table(dial, records)
    assert columns == ["training pairs:", "3,625", "29,000"]
    small, large = (float(cell.split(" ± ")[0]) for cell in attention[1:])
    assert small < large
    curves = findings.along(dial, records)
    assert [round(point.scores["attention"], 2) for point in curves.points] == [small, large]
    assert findings.table(curves)[0] == ["topology", "3,625", "29,000"]
    first, behind = findings.table(curves)[1]
    assert first == ["`attention`: BLEU", f"{small:.1f}", f"{large:.1f}"]
    for found, own, cell in zip(attention[1:], ctc[1:], behind[1:], strict=True):
        lead = float(found.split(" ± ")[0]) - float(own.split(" ± ")[0])
        assert float(cell.split(" ± ")[0].replace("−", "-")) == pytest.approx(-lead, abs=0.06)


def test_dials_are_drawn_once_they_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for draw in ("draw_lengths", "draw_word_order"):
        monkeypatch.setattr(findings, draw, lambda path: None)
    monkeypatch.setattr(findings, "SCRIPTS", tmp_path)
    monkeypatch.setattr(findings, "PICTURES", tmp_path)
    (tmp_path / "recipes" / "sweeps").mkdir(parents=True)
    assert sorted(name for names in findings.DIALS_OF.values() for name in names) == sorted(sweeps.DIALS)
    for dial in ("units", "places"):
        assert not findings.is_recorded(sweeps.DIALS[dial])
        for path in findings.records_of(sweeps.DIALS[dial]).values():
            recorded(path, dict.fromkeys(sweeps.TOPOLOGIES, 0.3), topologies=[*sweeps.TOPOLOGIES])
    findings.draw_pictures()
    assert sweeps.DIALS["places"].what in (tmp_path / "reordering.svg").read_text()
    assert not (tmp_path / "dials.svg").exists()  # one of its two is not recorded


def test_the_dial_of_reordering_is_recorded_with_three_seeds_at_each_step() -> None:
    dial = sweeps.DIALS["places"]
    curves = findings.along(dial, findings.records_of(dial))
    assert sorted(curves.systems) == sorted(sweeps.TOPOLOGIES)
    assert [point.at for point in curves.points] == [0, 1, 2, 4, 9]
    for point in curves.points:
        for pair in point.pairs.values():
            assert pair.difference.interval is not None  # for other sentences and other seeds


@pytest.mark.parametrize("step", sweeps.STEPS)
def test_every_step_has_its_own_recipe(step: str) -> None:
    def described(name: str) -> object:
        recipe, *options = map(str, sweeps.command_of(name, Path("corpora")))
        given = config_values(make_parser().parse_args([recipe, *options]))
        return read_ablation(with_overrides(read_recipe(Path(recipe)), given), "sweeps")[0]

    assert all(described(step) != described(other) for other in sweeps.STEPS if other != step)


def test_g2p_has_error_rates_and_their_mean(tmp_path: Path) -> None:
    records = {
        language: recorded(tmp_path / language, {"attention": rate}, topologies=["attention"], beam=5)
        for language, rate in {"fre": 0.0, "kor": 0.5}.items()
    }
    columns, (french, korean, both) = g2p_languages.table(records)
    assert columns[0] == "language"
    assert french == ["fre", "0.00", "0.00 – 0.00", "–", "0.00", "6.22"]
    assert float(korean[1]) > float(korean[4]) > 0
    assert both[0] == "mean of 2"
    assert float(both[1]) == pytest.approx(float(korean[1]) / 2, abs=0.01)
    assert both[5] == f"{(6.22 + 46.89) / 2:.2f}"
    assert both[3] == "–"


def test_g2p_of_ensembles(tmp_path: Path) -> None:
    records = {
        language: recorded(tmp_path / f"{language}.jsonl.xz", {"attention": 0.5}, topologies=["attention"], beam=5)
        for language in ("fre", "kor")
    }
    right = references("test")
    hypotheses = {"fre": right, "kor": ["", *right[1:]]}
    (tmp_path / ensembles.RECORD).write_bytes(lzma.compress(json.dumps(hypotheses).encode()))
    _, rows = g2p_languages.table(records)
    assert [row[3] for row in rows] == ["0.00", f"{100 / len(right):.2f}", f"{50 / len(right):.2f}"]


def test_the_mean_in_print_is_that_of_the_task() -> None:
    assert sum(g2p_languages.IN_PRINT.values()) / len(g2p_languages.IN_PRINT) == pytest.approx(16.84, abs=0.01)


def test_tricks_by_what_they_gain_on_dev(tmp_path: Path) -> None:
    records = {
        name: recorded(tmp_path / name, {"attention": rate}, topologies=["attention"], seeds=[1, 2])
        for name, rate in {"none": 0.3, "bpe": 0.6, "r-drop": 0.1}.items()
    }
    columns, rows = tricks.table(records)
    assert columns == ["trick", "option", "dev BLEU", "gain", "time"]
    assert [row[0] for row in rows] == ["r-drop", "none", "bpe"]
    best, base, worst = rows
    assert base[3:] == ["", ""]
    assert best[1] == "`--training.consistency 3`"
    assert float(best[3]) == pytest.approx(float(best[2]) - float(base[2]), abs=0.011)
    assert worst[3].startswith("−")
    assert best[4] == "0.50 ×"


@pytest.mark.parametrize("trick", tricks.TRICKS)
def test_every_trick_changes_the_recipe(trick: str) -> None:
    def described(name: str) -> dict[str, Any]:
        arguments = [str(tricks.RECIPE), *tricks.corpus_of(name, Path("corpora/multi30k")), *tricks.TRICKS[name]]
        given = config_values(make_parser().parse_args(arguments))
        return read_ablation(with_overrides(read_recipe(tricks.RECIPE), given), "tricks")[0]

    plain, changed = described(tricks.BASE), described(trick)
    assert (plain == changed) is (trick == tricks.BASE)
    assert plain["data"]["dev"] == changed["data"]["dev"]
    assert plain["data"]["test"] == changed["data"]["test"]


def of_units(path: Path, gains: dict[int, float]) -> Path:
    """A record of a grid over units, with what each of them gains on dev."""
    header, outcomes = made_up({"attention": 0.3}, topologies=["attention"], seeds=[1], grid={"model.units": [*gains]})
    changed = {}
    for (name, outcome), (units, gain) in zip(outcomes.items(), gains.items(), strict=True):
        curve = [(update, loss, bleu + gain) for update, loss, bleu in outcome.curve]
        changed[name] = dataclasses.replace(outcome, config={**outcome.config, "model.units": units}, curve=curve)
    return written(path, header, changed)


def test_defaults_beside_the_best_of_a_grid(tmp_path: Path) -> None:
    columns, (row,) = defaults.table({"bhojpuri": of_units(tmp_path / "bhojpuri.jsonl.xz", {128: 0.0, 8: 1.5})})
    found = dict(zip(columns[:4], row, strict=False))
    assert (found["corpus"], found["pairs"], found["best"]) == ("bhojpuri", "100", "attention units=8")
    assert row[4] == "attention units=128"
    assert float(row[3]) - float(row[5]) == pytest.approx(1.5, abs=0.011)
    assert row[6:] == ["−1.50", "0.7"]


def test_defaults_that_the_grid_does_not_have_are_not_made_up(tmp_path: Path) -> None:
    record = of_units(tmp_path / "bhojpuri.jsonl.xz", {8: 0.0, 16: 0.0})
    assert defaults.table({"bhojpuri": record})[1][0][4:] == ["–"] * 4


@pytest.mark.parametrize("corpus", defaults.CORPORA)
def test_what_is_chosen_for_every_corpus_is_left_open(corpus: str) -> None:
    arguments = [str(defaults.RECIPE), *defaults.options_of(corpus, Path("corpora"))]
    values = with_overrides(read_recipe(defaults.RECIPE), config_values(make_parser().parse_args(arguments)))
    recipe, ablation = read_ablation(values, "defaults")
    config = base_config(recipe, ablation.topologies[0])
    assert (config.tokenizer, config.model) == (Config().tokenizer, Config().model)
    (files,) = config.data.train
    given = [each for each in (files.pairs, files.source, files.target) if each]
    assert given
    assert all(each.startswith("corpora/") for each in given)


def of_attempt(path: Path, mistakes: float) -> Path:
    """A record of three trainings with beam 5 whose test sets are those of the speed run."""
    options: dict[str, Any] = {"topologies": ["attention"], "seeds": [1, 2, 3], "beam": 5}
    return written(path, *made_up({"attention": mistakes}, tests=[speed_run.DEV, speed_run.TEST], **options))


def test_the_board_says_what_an_attempt_took_and_whether_it_counts(tmp_path: Path) -> None:
    records = {name: of_attempt(tmp_path / name, rate) for name, rate in {"baseline": 0.1, "fast": 0.6}.items()}
    columns, (good, bad) = speed_run.table(records, {"baseline": "abc1234", "fast": "def5678"})
    found = dict(zip(columns, good, strict=True))
    assert (found["attempt"], found["commit"], found["tokens, million"]) == ("baseline", "`abc1234`", "0.03")
    assert found["TFLOP"] == f"{123_456_789 * 26_000 / (12 + 14) / 1e12:,.0f}"
    assert found["minutes, one thread"] == f"{(10 + 100 * 0.1) / 60:.1f}"
    average, lowest, highest = map(float, re.findall(r"[\d.]+", found["dev BLEU"]))
    assert lowest < average < highest
    assert average > speed_run.BAR
    assert [row[-1] for row in (good, bad)] == ["yes", "no"]


def test_the_board_keeps_the_commit_of_what_was_recorded_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_run, "commit_of_today", lambda: "def5678")
    (tmp_path / speed_run.COMMITS).write_text('{"baseline": "abc1234"}')
    commits = speed_run.write_commits(tmp_path, {"baseline": tmp_path, "fast": tmp_path})
    assert commits == {"baseline": "abc1234", "fast": "def5678"}
    monkeypatch.setattr(speed_run, "commit_of_today", lambda: "fed9876")
    assert speed_run.write_commits(tmp_path, {"fast": tmp_path}) == commits


@pytest.mark.parametrize("attempt", speed_run.ATTEMPTS)
def test_attempts_are_judged_alike(attempt: str) -> None:
    recipe, *options = map(str, [*speed_run.ATTEMPTS[attempt], *speed_run.ALL_ALIKE])
    parsed = make_parser().parse_args([recipe, *options, "--data.train.pairs", "corpora/multi30k"])
    given = {**config_values(parsed), **ablation_values(parsed)}
    values, ablation = read_ablation(with_overrides(read_recipe(Path(recipe)), given), "speed")
    config = base_config(values, ablation.topologies[0])
    assert (ablation.topologies, ablation.seeds, ablation.beam) == (["attention"], [1, 2, 3], 5)
    assert config.data.dev == config.data.tests[speed_run.DEV]
    assert config.data.train[0].pairs == "corpora/multi30k"


def test_captions_beside_what_is_in_print(tmp_path: Path) -> None:
    right = references("test")
    for direction, rate in {"en-de": 0.0, "en-fr": 0.3}.items():
        recorded(tmp_path / f"{direction}.jsonl.xz", {"attention": rate}, topologies=["attention"], beam=5)
    (tmp_path / ensembles.RECORD).write_bytes(lzma.compress(json.dumps({"en-de": right}).encode()))
    columns, rows = captions.table({name: tmp_path / f"{name}.jsonl.xz" for name in captions.IN_PRINT})
    german, french = (dict(zip(columns, row, strict=True)) for row in rows)
    assert german["ensemble, BLEU"] == german["ensemble, Moses tokens"] == "100.00"
    assert french["ensemble, BLEU"] == "–"
    assert german["in print: Transformer-Tiny"] == "41.02"
    for name in ("BLEU", "Moses tokens"):
        average, lowest, highest = map(float, re.findall(r"[\d.]+", french[name]))
        assert lowest <= average <= highest < 100
    assert french["BLEU"] != french["Moses tokens"]
    assert french["hours, one thread"] == f"{2 * (10 + 100 * 0.3) / 3600:.1f}"


@pytest.mark.parametrize("direction", captions.IN_PRINT)
def test_recipes_of_captions_become_ablations(direction: str) -> None:
    recipe = RECIPES / f"multi30k-{direction}.yaml"
    parsed = make_parser().parse_args([str(recipe), *ONE_SYSTEM])
    values = with_overrides(read_recipe(recipe), {**config_values(parsed), **ablation_values(parsed)})
    assert read_ablation(values, "captions")[1].seeds == [1, 2, 3]
