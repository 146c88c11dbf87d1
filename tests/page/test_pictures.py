"""What the pictures of the page are made of, as far as no browser is needed: places, texts, changes, choices."""

from __future__ import annotations

import itertools
from itertools import pairwise
from typing import Any

import pytest
from page_in_node import run_module

from mtlite.config.registry import TOPOLOGIES

NAMES = [name for name, entry in TOPOLOGIES.items() if entry.parts]
LONG = "▁Donaudampfschifffahrtsgesellschaftskapitän"

LAYOUT = """
const {wire} = await page("engine/wiring.js");
const {wiringLayout} = await page("views/wiring_layout.js");
const {wiringTexts} = await page("views/wiring_sentence.js");
const {stepTexts, lastStep} = await page("views/wiring_steps.js");
const layouts = given.map(({parts, bothWays, source, target}) => {
  const wiring = wire(parts, source.length, target.length, {bothWays});
  const texts = wiringTexts(wiring, source, target);
  return {...wiringLayout(wiring, texts), texts: stepTexts(wiring, texts), last: lastStep(wiring)};
});
console.log(JSON.stringify(layouts));
"""
SENTENCES = {
    "short": (["▁a", "</s>"], ["▁b"]),
    "long word": ([LONG, "▁b", "</s>"], ["▁a", LONG, LONG, "</s>"]),
    "60 pieces": ([f"▁s{at}" for at in range(59)] + ["</s>"], [f"▁t{at}" for at in range(60)]),
    "right to left": (["▁مرحبا", "▁بالعالم", "</s>"], ["▁שלום", "▁עולם", "</s>"]),
}


@pytest.fixture(scope="module")
def layouts() -> dict[tuple[str, str], dict[str, Any]]:
    cases = [(name, kind) for name in NAMES for kind in SENTENCES]
    asked = [
        {
            "parts": TOPOLOGIES[name].parts,
            "bothWays": "bidirectional" in TOPOLOGIES[name].options,
            "source": SENTENCES[kind][0],
            "target": SENTENCES[kind][1],
        }
        for name, kind in cases
    ]
    return dict(zip(cases, run_module(LAYOUT, asked), strict=True))


@pytest.mark.parametrize("kind", SENTENCES)
@pytest.mark.parametrize("name", NAMES)
def test_no_node_of_a_wiring_lies_on_another_or_outside(name, kind, layouts):
    layout = layouts[name, kind]
    boxes = [
        (x - width, x + width, y - height, y + height)
        for x, width, y, height in (
            [node[key] for key in ("x", "halfWidth", "y", "halfHeight")] for node in layout["nodes"]
        )
    ]
    assert all(
        0 < left < right < layout["width"] and 0 < top < low < layout["height"] for left, right, top, low in boxes
    )
    for at, (left, right, top, low) in enumerate(boxes):
        for other_left, other_right, other_top, other_low in boxes[:at]:
            assert right <= other_left or other_right <= left or low <= other_top or other_low <= top


@pytest.mark.parametrize("name", NAMES)
def test_time_goes_to_the_right_and_what_is_written_stands_above_what_is_read(name, layouts):
    layout = layouts[name, "60 pieces"]
    nodes = {node["name"]: node for node in layout["nodes"]}
    for role in ("source", "target"):
        own = [node for node in layout["nodes"] if node["role"] == role]
        assert [node["x"] for node in own] == sorted(node["x"] for node in own)
    for edge in layout["edges"]:
        if edge["use"] in ("reads", "remembers", "writes"):
            assert nodes[edge["end"]]["y"] <= nodes[edge["start"]]["y"]
    bands = sorted(layout["bands"], key=lambda band: -band["top"])
    assert [band["zone"] for band in bands] == ["reads", "remembers", "writes"]
    assert all(below["top"] >= above["bottom"] for below, above in pairwise(bands))


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_said_in_words(name, layouts):
    layout = layouts[name, "right to left"]
    assert len(layout["texts"]) == layout["last"]
    together = " ".join(layout["texts"])
    assert all(f"\u2068{word}\u2069" in together for word in ("مرحبا", "שלום"))
    assert "rite" in together


def test_a_word_that_is_too_long_is_shortened_and_kept_in_full(layouts):
    node = next(node for node in layouts["attention", "long word"]["nodes"] if node["name"] == "source-1")
    assert node["full"] == LONG
    assert node["text"].endswith("…")
    assert LONG.startswith(node["text"][:-1])


def test_a_step_says_where_attention_looks_most():
    code = """
    const {wire} = await page("engine/wiring.js");
    const {stepTexts} = await page("views/wiring_steps.js");
    const {wiringTexts} = await page("views/wiring_sentence.js");
    const wiring = wire(given, 2, 2);
    const texts = wiringTexts(wiring, ["▁a", "</s>"], ["▁b", "</s>"]);
    console.log(JSON.stringify(stepTexts(wiring, texts, [[0.75, 0.25], [0.1, 0.9]])));
    """
    texts = run_module(code, TOPOLOGIES["attention"].parts)
    assert ["75%" in text for text in texts] == [False, False, True, False]
    assert "90%" in texts[3]


def test_tokens_and_blanks_stand_where_the_model_wrote_them():
    code = """
    const {wire} = await page("engine/wiring.js");
    const {wiringTexts} = await page("views/wiring_sentence.js");
    const wiring = wire(given, 2, 2, {expansion: 2});
    const path = [0, 7, 7, 9].map((id) => ({candidates: [{id, piece: id ? `▁${id}` : "·"}]}));
    const texts = wiringTexts(wiring, ["▁a", "</s>"], ["▁7", "▁9"], path);
    const written = wiring.nodes.filter(({layer}) => layer === "target");
    console.log(JSON.stringify(written.map(({role, name}) => [role, texts[name]])));
    """
    written = run_module(code, TOPOLOGIES["ctc"].parts)
    assert written == [["blank", ""], ["target", "▁7"], ["blank", "(▁7)"], ["target", "▁9"]]


def test_activity_reaches_the_nodes_that_it_was_measured_at():
    code = """
    const {wire} = await page("engine/wiring.js");
    const {wiringActivity} = await page("views/wiring_sentence.js");
    const count = (length) => Array.from({length}, (_, at) => at + 1);
    console.log(JSON.stringify(given.map(({parts, bothWays}) => {
      const wiring = wire(parts, 5, 4, {bothWays});
      const memory = count(wiring.of("memory").length);
      const strengths = wiringActivity(wiring, {reader: count(5), memory, writer: count(10)});
      const measured = ["reader", "writer", "memory"].flatMap((role) => wiring.of(role)).map(({name}) => name);
      return [measured.sort(), Object.keys(strengths).sort(), Object.values(strengths)];
    })));
    """
    asked = [
        {"parts": TOPOLOGIES[name].parts, "bothWays": "bidirectional" in TOPOLOGIES[name].options} for name in NAMES
    ]
    for name, (measured, known, strengths) in zip(NAMES, run_module(code, asked), strict=True):
        assert known == measured, name
        assert max(strengths) == 1
        assert min(strengths) > 0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b c", "a x c", [("same", "a"), ("gone", "b"), ("new", "x"), ("same", "c")]),
        ("a", "", [("gone", "a")]),
        ("", "a b", [("new", "a"), ("new", "b")]),
        ("a b", "b a", [("gone", "a"), ("same", "b"), ("new", "a")]),
    ],
)
def test_differences_of_two_texts(before, after, expected):
    code = """
    const {differences, agreement} = await page("views/differences.js");
    console.log(JSON.stringify([differences(...given), agreement(...given)]));
    """
    parts, share = run_module(code, [before.split(), after.split()])
    assert [(part["kind"], part["text"]) for part in parts] == expected
    longer = max(len(before.split()), len(after.split()))
    assert share == sum(kind == "same" for kind, _ in expected) / longer


def test_words_are_changed_dropped_added_and_swapped():
    code = """
    const edits = await page("views/word_edits.js");
    const words = edits.wordsOf("  the old  farmer ");
    const results = [
      edits.withWord(words, 1, "young"), edits.withoutWord(words, 0), edits.withNewWord(words, 3, "sings"),
      edits.withSwappedWords(words, 0), edits.withSwappedWords(words, 2), edits.withWord(words, 2, ""),
    ].map(edits.joinedWords);
    const repeated = [["a b", 3], ["你好世界", 2]].map(([sentence, times]) => edits.repeatedSentence(sentence, times));
    const lists = ["你好世界", "don't", " "].map((text) => edits.wordsOf(text).words);
    console.log(JSON.stringify([...results, ...repeated, lists[0].length, lists[1], lists[2]]));
    """
    assert run_module(code) == [
        "the young farmer", "old farmer", "the old farmer sings", "old the farmer", "the old farmer", "the old",
        "a b a b a b", "你好世界你好世界", 2, ["don't"], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("token_by_token", "forced", "at", "piece", "expected"),
    [
        (True, [], 1, 9, [5, 9]),
        (True, [5, 9], 0, 8, [8]),
        (True, [5, 9], 1, 9, [5]),
        (False, [], 2, 9, [None, None, 9]),
        (False, [None, None, 9], 0, 8, [8, None, 9]),
        (False, [8, None, 9], 2, 9, [8]),
        (False, [8], 0, 8, []),
    ],
)
def test_a_piece_is_forced_and_set_free(token_by_token, forced, at, piece, expected):
    code = """
    const {forcedAfter} = await page("views/force.js");
    const {at, id, ...now} = given;
    console.log(JSON.stringify(forcedAfter(now, at, id)));
    """
    now = {"tokenByToken": token_by_token, "written": [5, 6, 7], "forced": forced, "at": at, "id": piece}
    assert run_module(code, now) == expected


def test_the_likelier_hypothesis_stands_higher_and_nothing_overlaps():
    code = """
    const {trellisLayout, beamPath} = await page("views/trellis.js");
    console.log(JSON.stringify([trellisLayout(given), beamPath(given, 4).map(({number}) => number)]));
    """
    nodes = [
        {"number": 0, "parent": -1, "step": 0, "piece": "<s>", "logP": 0, "fate": "best"},
        {"number": 1, "parent": 0, "step": 1, "piece": "▁b", "logP": -2, "fate": "kept"},
        {"number": 2, "parent": 0, "step": 1, "piece": LONG, "logP": -1, "fate": "best"},
        {"number": 3, "parent": 2, "step": 2, "piece": "</s>", "logP": -3.5, "fate": "finished"},
        {"number": 4, "parent": 1, "step": 4, "piece": "</s>", "logP": -3, "fate": "best"},
    ]
    layout, path = run_module(code, nodes)
    assert path == [0, 1, 4]
    placed = {node["number"]: node for node in layout["nodes"]}
    assert placed[2]["y"] < placed[1]["y"]
    assert placed[4]["own"] == pytest.approx(0.3679, abs=1e-4)
    assert placed[2]["x"] + placed[2]["width"] / 2 < placed[3]["x"] - placed[3]["width"] / 2
    assert max(node["x"] + node["width"] / 2 for node in placed.values()) < layout["width"]


def test_the_darkest_square_is_the_largest_number_whatever_its_sign():
    code = """
    const {heatStrengths} = await page("views/heat_map.js");
    const {strongestCell, influenceSentence} = await page("views/influence.js");
    const said = [0, 2, -2, 50].map((value) => influenceSentence("x", "y", value));
    console.log(JSON.stringify([heatStrengths(given), heatStrengths([[0]]), strongestCell(given), said]));
    """
    strengths, nothing, strongest, (same, needed, against, much) = run_module(code, [[1, -4], [3, 0]])
    assert strengths[0][1] == -1
    assert 0 < strengths[0][0] < strengths[1][0] < 1
    assert (nothing, strongest) == ([[0]], [1, 0])
    assert "as likely" in same
    assert "7.4 times less likely" in needed
    assert "7.4 times likelier" in against
    assert "more than 1,000" in much


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0"),
        (0.0004, "<_0.1"),
        (0.05, "5.0"),
        (0.0996, "10"),
        (0.5, "50"),
        (0.996, "99.6"),
        (0.9996, ">_99.9"),
        (1, "100"),
    ],
)
def test_a_share_is_not_rounded_to_nothing_or_all(share, expected):
    code = """
    const {percent} = await page("views/shapes.js");
    console.log(JSON.stringify(percent(given)));
    """
    assert run_module(code, share) == f"{expected}%".replace(" ", "\u00a0").replace("_", "\u00a0")


def test_a_name_has_the_colour_of_its_line_where_another_has_no_line():
    code = """
    const {lengthChart} = await page("views/length_chart.js");
    const repeats = [{times: 1, agreement: 1}, {times: 2, agreement: 0.5}];
    console.log(JSON.stringify(lengthChart([{name: "none", repeats: []}, {name: "some", repeats}], "")));
    """
    [name] = [each for each in run_module(code, None)["children"] if each["children"] == ["some"]]
    assert "series-1" in name["attributes"]["class"]


@pytest.mark.parametrize("runs", [1, 12, 40])
def test_names_of_lines_that_end_in_one_place_are_apart_and_in_the_picture(runs):
    code = """
    const {lengthChart} = await page("views/length_chart.js");
    const repeats = [{times: 1, agreement: 1}, {times: 2, agreement: 0}];
    console.log(JSON.stringify(lengthChart(Array.from({length: given}, () => ({name: "run", repeats})), "")));
    """
    picture = run_module(code, runs)
    names = sorted(each["attributes"]["y"] for each in picture["children"] if each["children"] == ["run"])
    assert len(names) == runs
    assert names[0] > 0
    assert names[-1] < picture["attributes"]["height"]
    assert all(later - earlier >= 14 for earlier, later in itertools.pairwise(names))


def test_arrow_keys_lead_to_the_nearest_square():
    code = """
    const {neighbour} = await page("views/grid_keys.js");
    const places = given.map(([column, row]) => ({column, row}));
    const go = (at, key) => places.indexOf(neighbour(places, places[at], key));
    console.log(JSON.stringify([
      go(0, "ArrowRight"), go(2, "ArrowLeft"), go(1, "ArrowDown"),
      go(1, "ArrowUp"), go(0, "Enter"), go(0, "ArrowLeft"),
    ]));
    """
    assert run_module(code, [[0, 0], [1, 0], [1, 3], [3, 1]]) == [1, 0, 2, -1, -1, -1]


def test_what_was_chosen_goes_into_the_address_and_comes_back():
    code = """
    const {readAddress, writeAddress, DEFAULTS} = await page("views/address.js");
    const limits = {runs: 12, views: ["translate", "pieces"]};
    const state = {...DEFAULTS, ...given};
    console.log(JSON.stringify(readAddress(writeAddress(state), limits)));
    """
    chosen = {
        "forced": {"0": [5, None, 7], "11": [3]},
        "node": {"2": 17},
        "cell": {"0": [3, 4]},
        "changed": "a & b = “c”",
        "repeat": 4,
        "step": 9,
    }
    assert {key: value for key, value in run_module(code, chosen).items() if key in chosen} == chosen


BAD = ["0", "0:", ":5", "0:5:6", "x:5", "0:-1", "0:1e3", "0:99999999999", "0:5,,", "__proto__:5", "0:5." * 400]


@pytest.mark.parametrize("name", ["force", "node", "cell", "repeat"])
def test_a_bad_choice_in_an_address_is_left_out(name):
    code = """
    const {readAddress} = await page("views/address.js");
    console.log(JSON.stringify(given.map((address) => readAddress(address, {runs: 2, views: []}))));
    """
    bad = [
        *BAD,
        *{"node": ["0:-"], "cell": ["0:5", "0:5.6.7", "0:-.4"], "repeat": ["0", "11"], "force": ["0:5..6"]}[name],
    ]
    assert run_module(code, [f"#{name}={value}" for value in bad]) == [{}] * len(bad)


def test_a_piece_that_cannot_be_seen_is_shown_by_its_code():
    code = 'const {shownPiece} = await page("views/shapes.js"); console.log(JSON.stringify(given.map(shownPiece)));'
    pieces = {"\u202eabc": "U+202Eabc", "\u0301": "◌\u0301", "a\u200db": "a\u200db", "\u2028": "U+2028", "": "◌"}
    assert run_module(code, list(pieces)) == list(pieces.values())
