"""Systems side by side from Python: a value that shows itself as tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import number_pairs, write_pairs

from mtlite.errors import DataError, UsageError
from mtlite.report.side_by_side import SideBySide, compare


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A reference, and translations with a mistake."""
    pairs = number_pairs(40, seed=5)
    wrong = [(source, target.replace("eins", "zwei")) for source, target in pairs]
    return write_pairs(tmp_path, "right", pairs)["target"], write_pairs(tmp_path, "worse", wrong)["target"]


def test_files_are_a_value_with_numbers_and_tables(files: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    compared = compare(files, reference=Path(files[0]), language="de")
    assert isinstance(compared, SideBySide)
    assert compared.comparison
    assert compared.comparison.primary[0].differences["bleu"].effect < 0
    assert "100.00" in repr(compared)
    assert compared._repr_html_().count("<table>") == 2
    assert "<html" not in compared._repr_html_()
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_compared(files: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least two"):
        compare(files[:1])
    with pytest.raises(UsageError, match="expected run directories, or --reference"):
        compare(files)
    (tmp_path / "short").write_text("eins\n")
    with pytest.raises(DataError, match="short: expected one hypothesis per reference"):
        compare([files[0], tmp_path / "short"], reference=files[0])


def test_the_language_of_files_is_that_of_the_reference(tmp_path: Path) -> None:
    lines = ["我非常喜欢猫。", "他明天去北京。"] * 10
    paths = [tmp_path / name for name in ("right.zh", "worse.zh", "right.txt")]
    for path in paths:
        path.write_text("".join(f"{line.replace('猫', '狗') if 'worse' in path.name else line}\n" for line in lines))
    by_ending, by_script = (repr(compare(paths[:2], reference=reference)) for reference in (paths[0], paths[2]))
    assert f"The language is zh, by the ending of {paths[0]}." in by_ending
    assert "Hani" in by_script
    assert "--language" in by_script
    for shown in (by_ending, by_script):
        assert "tok:zh" in shown
    assert "tok:13a" in repr(compare(paths[:2], reference=paths[0], language="de"))
    with pytest.raises(UsageError, match=r"--language.*did you mean zh\?"):
        compare(paths[:2], reference=paths[0], language="cn")
