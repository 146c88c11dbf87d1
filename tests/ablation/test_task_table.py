from pathlib import Path

import pytest
import recipe_variants
import tasks
from made_up import made_up
from tasks import cell, common, score, symbols, table, whole_sequence

from mtlite.ablation.record import Record


@pytest.mark.parametrize(
    ("hypothesis", "right", "share"),
    [
        ("a b c", 1, 1),
        ("a b", 0, 2 / 3),
        ("a b c d", 0, 3 / 4),
        ("b c a", 0, 0),
        ("", 0, 0),
        ("x b c", 0, 2 / 3),
    ],
)
def test_accuracy_of_one_answer(hypothesis: str, right: float, share: float) -> None:
    assert whole_sequence(hypothesis, "a b c") == right
    assert symbols(hypothesis, "a b c") == pytest.approx(share)


def test_the_mean_is_over_sentences() -> None:
    assert score(["a", "a b"], ["a", "a c"], symbols) == 0.75


def test_the_constant_answer_is_the_commonest_line() -> None:
    assert common(["yes", "no", "no"]) == "no"


def test_a_task_is_solved_if_most_seeds_solve_it() -> None:
    assert cell([0.9, 0.1], [1.0, 0.96, 0.74]) == "**90% / 10%**"
    assert cell([0.9, 0.1], [1.0, 0.94, 0.74]) == "90% / 10%"


def test_a_row_for_each_topology_and_a_column_for_each_task(tmp_path: Path) -> None:
    header, outcomes = made_up(mistakes={"attention": 0.0, "peek": 1.0})
    path = tmp_path / "copy.jsonl.xz"
    record = Record(path)
    record.add_header(header)
    for name in (name for name in outcomes if name.startswith("attention")):  # peek has not run yet
        record.add(header, name, outcomes[name])
    top, _, attention, peek, constant = table({"copy": path, "cipher": path}, whole_sequence).splitlines()
    assert top == "| topology | copy | cipher |"
    assert attention.count("**") == 4
    assert attention.startswith("| `attention` | **")
    assert peek == "| `peek` | – | – |"
    assert constant == "| *one constant answer* | 2% / 2% | 2% / 2% |"


@pytest.mark.parametrize(
    ("code", "after", "printed"), [(1, ["cipher", "copy"], 2), (130, ["cipher"], 0), (143, ["cipher"], 0)]
)
def test_a_task_that_fails_does_not_stop_the_others_but_the_user_does(
    code: int,
    after: list[str],
    printed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    header, _ = made_up()
    done: list[str] = []

    def ablate(arguments: list[str]) -> int:
        path = Path(arguments[arguments.index("--record") + 1])
        done.append(path.name.removesuffix(".jsonl.xz"))
        if done[-1] == "cipher":
            path.write_text("broken")
            return code
        Record(path).add_header(header)
        return 0

    monkeypatch.setattr(recipe_variants, "mtlite", ablate)
    monkeypatch.setattr("sys.argv", ["tasks.py", "--tasks", "cipher", "copy", "--records", str(tmp_path)])
    assert tasks.main() == code
    assert done == after
    assert capsys.readouterr().out.count("| topology | copy |") == printed
