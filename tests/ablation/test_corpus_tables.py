"""Tables of one recipe on several corpora, beside figures in print."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import g2p_languages
import pytest
import scan_splits
from made_up import made_up

from mtlite.ablation.record import Record


def recorded(path: Path, mistakes: dict[str, float], **options: Any) -> Path:
    """A record that is judged by whole sequences."""
    header, outcomes = made_up(mistakes, **options)
    header = dataclasses.replace(header, recipe={**header.recipe, "evaluation": {"metrics": ["exact-match", "per"]}})
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
    assert attention == ["`attention`", "95.0 ± 0.0", "0.0"]
    assert peek[0] == "`peek`"
    assert peek[2] == "–"
    assert lstm[1:] == ["0.08", "13.8"]
    assert best[1:] == ["1.2", "20.8"]


def test_g2p_has_error_rates_and_their_mean(tmp_path: Path) -> None:
    records = {
        language: recorded(tmp_path / language, {"attention": rate}, topologies=["attention"], beam=5)
        for language, rate in {"fre": 0.0, "kor": 0.5}.items()
    }
    columns, (french, korean, both) = g2p_languages.table(records)
    assert columns[0] == "language"
    assert french == ["fre", "0.00", "0.00 – 0.00", "0.00", "6.22"]
    assert float(korean[1]) > float(korean[3]) > 0
    assert both[0] == "mean of 2"
    assert float(both[1]) == pytest.approx(float(korean[1]) / 2, abs=0.01)
    assert both[4] == f"{(6.22 + 46.89) / 2:.2f}"


def test_the_mean_in_print_is_that_of_the_task() -> None:
    assert sum(g2p_languages.IN_PRINT.values()) / len(g2p_languages.IN_PRINT) == pytest.approx(16.84, abs=0.01)
