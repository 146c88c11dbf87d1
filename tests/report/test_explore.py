"""The scripts of the report that touch no page, as Node runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from made_up import made_up

from mtlite.comparison.results import compare_systems
from mtlite.report.gather import gather
from mtlite.report.sentences import explorer

FOLDER = Path(__file__).parents[2] / "mtlite" / "report" / "explore"


def run(module: str, expression: str, values: Any) -> Any:
    """What an expression with the names of a module makes of `values`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node is installed: apt-get install nodejs")
    script = (
        f"import * as module from {json.dumps((FOLDER / module).as_uri())};"
        f"import {{ Outputs }} from {json.dumps((FOLDER / 'outputs.js').as_uri())};"
        'import { readFileSync } from "node:fs";'
        'const values = JSON.parse(readFileSync(0, "utf-8"));'
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    command = [node, "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compared(pairs: list[tuple[str, str]], unspaced: bool = False) -> list[str]:
    """Pairs of hypothesis and reference: `+extra`, `-missing`, `~moved`."""
    marks = "({ same: '', extra: '+', missing: '-', moved: '~' })"
    expression = (
        f"values.map(([one, other]) => module.compareWords(one, other, {json.dumps(unspaced)})"
        f".map(({{ kind, text }}) => {marks}[kind] + text).join(' '))"
    )
    found: list[str] = run("words.js", expression, pairs)
    return found


def test_words_are_compared() -> None:
    assert compared(
        [
            ("Das alte Haus.", "Das alte Haus."),
            ("Das neue Haus.", "Das alte Haus."),
            ("Haus das alte", "das alte Haus"),
            ("", "Das Haus"),
            ("a a a b", "a b"),
            ("der der Hund", "Hund"),
            ("Das ist's, „wirklich“ 3,5", "das ist's wirklich 3.5"),
            ("a</script><!--\u2028", "a<b>"),
        ]
    ) == [
        "Das alte Haus .",
        "Das -alte +neue Haus .",
        "~Haus das alte",
        "-Das -Haus",
        "a +a +a b",
        "+der +der Hund",
        "-das +Das ist's +, +„ wirklich +“ 3 -. +, 5",
        "a < -b +/ +script > +< +! +- +-",
    ]
    assert compared([("我们看见猫", "我们看狗")], unspaced=True) == ["我 们 看 -狗 +见 +猫"]


def test_what_is_moved_is_not_missing() -> None:
    (shown,) = compared([("a a b x b", "b a a c")])
    assert sorted(shown.split()) == sorted(["a", "a", "~b", "+x", "+b", "-c"])


def test_a_long_text_is_compared_without_a_table_of_all_words() -> None:
    one, other = (" ".join(f"{letter}{number}" for number in range(3000)) for letter in "ab")
    (shown,) = compared([(f"x {one} y", f"x {other} y")])
    assert shown.count("+") == shown.count("-") == 3000
    assert shown.startswith("x ")
    assert shown.endswith(" y")


@pytest.fixture(scope="module")
def outputs() -> Any:
    """What the script is given for a made-up ablation."""
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"])
    systems, groups = gather(header, outcomes)
    return explorer(systems, compare_systems(systems, header, groups, {}), header).data


def read(outputs: Any, address: str) -> Any:
    return run("address.js", "module.readAddress(values[1], new Outputs(values[0]))", [outputs, address])


START = {
    **{"systems": [0, 1, 2], "test": 0, "seed": 1, "first": 0, "second": 1, "order": "line", "search": ""},
    **{"buckets": {}, "everyone": False, "page": 0, "section": ""},
}
CHOSEN = {
    **{"systems": [0, 2], "test": 1, "seed": 2, "first": 2, "second": 0, "order": "ahead", "search": "Haus & <b>"},
    **{"buckets": {"length": 2, "sentence-bleu": 0}, "everyone": True, "page": 3, "section": "sentences"},
}


def test_an_address_holds_what_was_chosen(outputs: Any) -> None:
    address = run("address.js", "module.writeAddress(values[1], new Outputs(values[0]))", [outputs, CHOSEN])
    assert read(outputs, address) == CHOSEN
    assert "<" not in address
    assert run("address.js", "module.writeAddress(values[1], new Outputs(values[0]))", [outputs, START]) == "#"
    assert read(outputs, "") == START
    nobody = {**START, "systems": []}
    assert read(outputs, run("address.js", "module.writeAddress(...[values[1], new Outputs(values[0])])",
                             [outputs, nobody])) == nobody  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "#%",
        "#first=99&second=-1&seed=3&seed=x&test=none&order=__proto__",
        "#length=99&__proto__=1&constructor=1&page=0&page=1e9",
        "#first=1e0&second=0x1&everyone=yes&unknown=1",
        "#" + "&" * 1000,
    ],
)
def test_an_address_that_says_nothing_is_as_none(outputs: Any, address: str) -> None:
    assert read(outputs, address) == START


def test_an_address_has_limits(outputs: Any) -> None:
    assert len(read(outputs, "#search=" + "x" * 100_000)["search"]) == 1000


def lines(outputs: Any, **chosen: Any) -> list[int]:
    found: list[int] = run(
        "choose.js", "module.chosenLines(new Outputs(values[0]), values[1])", [outputs, {**START, **chosen}]
    )
    return found


def hypothesis(outputs: Any, system: int, line: int) -> Any:
    test = outputs["tests"][0]
    return test["hypotheses"][line][test["outputs"][system][1][line]]


def test_sentences_are_ordered(outputs: Any) -> None:
    test = outputs["tests"][0]
    everything = range(len(test["sources"]))
    assert lines(outputs) == list(everything)
    bleu = [[hypothesis(outputs, system, line)[1] for line in everything] for system in (0, 1)]
    ahead = sorted(everything, key=lambda line: (bleu[1][line] - bleu[0][line], line))
    assert lines(outputs, order="ahead") == ahead
    assert lines(outputs, order="behind", first=1, second=0) == ahead
    assert lines(outputs, order="worst") == sorted(everything, key=lambda line: (bleu[0][line], line))
    lengths = test["values"]["length"]
    assert lines(outputs, order="longest") == sorted(everything, key=lambda line: (-lengths[line], line))
    assert lines(outputs, order="shortest") == sorted(everything, key=lambda line: (lengths[line], line))
    assert sorted(lines(outputs, order="reordered")) == sorted(lines(outputs, order="rarest")) == list(everything)


def test_sentences_without_a_value_are_last(outputs: Any) -> None:
    test = {**outputs["tests"][0], "values": {**outputs["tests"][0]["values"]}}
    test["values"]["word-order"] = [None, 5] + [0] * (len(test["sources"]) - 2)
    changed = {**outputs, "tests": [test]}
    assert lines(changed, order="reordered")[0] == 1
    assert lines(changed, order="reordered")[-1] == 0
    (order,) = (each for each in outputs["properties"] if each["name"] == "word-order")
    assert lines(changed, buckets={"word-order": order["labels"].index("not known")}) == [0]
    assert lines(changed, buckets={"word-order": order["labels"].index("1 to 10")}) == [1]


def test_sentences_are_searched(outputs: Any) -> None:
    test = outputs["tests"][0]
    boats = [
        line
        for line, texts in enumerate(zip(test["sources"], test["references"], strict=True))
        if any("boot" in text.lower() for text in (*texts, *(hypothesis(outputs, each, line)[0] for each in (0, 1))))
    ]
    assert lines(outputs, search=" BOOT ") == boats
    assert 0 < len(boats) < len(test["sources"])
    written_by_one = hypothesis(outputs, 2, 0)[0]
    assert 0 in lines(outputs, search=written_by_one, everyone=True)
    assert lines(outputs, search="nowhere to be found") == []


def test_a_mean_of_no_sentence_is_none(outputs: Any) -> None:
    expression = "[[], [0, 1]].map((some) => module.meanBleu(new Outputs(values[0]), values[1], 0, some))"
    none, mean = run("choose.js", expression, [outputs, START])
    assert none is None
    assert mean == pytest.approx((hypothesis(outputs, 0, 0)[1] + hypothesis(outputs, 0, 1)[1]) / 2)
    assert run("choose.js", "module.meanBleu(new Outputs(values[0]), values[1], 0, [0])",
               [outputs, {**START, "seed": 9}]) is None  # fmt: skip
