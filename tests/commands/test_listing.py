import pytest

from mtlite.commands.listing import print_table


def test_long_texts_are_folded_and_numbers_end_at_one_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    rows = [["a/long/path/of/a/run", "1.5"], ["[b]", "10.5"]]
    print_table(["run", "size"], rows, long=["run"], right=["size"])
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "size"]
    assert all(len(line) <= 20 for line in lines)
    assert "".join(line[:15].strip() for line in lines[:2]) == "a/long/path/of/a/run"
    assert lines[0].endswith("  1.5")
    assert lines[-1].split() == ["[b]", "10.5"]
