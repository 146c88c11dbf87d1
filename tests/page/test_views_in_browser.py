"""The views that explain a sentence, in a real browser; the models are made up, so that every answer is known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mtlite.config.registry import TOPOLOGIES
from mtlite.page.compose import PackedRun, compose

WORKER = Path(__file__).parent / "made_up_models.js"
SENTENCE = "the old farmer sings"
HOSTILE = "</script><img src=x onerror=alert(1)> ' \""
VIEWS = ["wiring", "pieces", "beam", "influence", "what-if"]


def packed(name: str, topology: str) -> PackedRun:
    entry = TOPOLOGIES[topology]
    description = {
        "name": name,
        "topology": topology,
        "family": entry.family,
        "search": entry.search,
        "parts": entry.parts,
        **{part: getattr(entry, part) for part in ("reads", "remembers", "writes")},
        "config": {
            "layers": 2,
            "bidirectional": "bidirectional" in entry.options,
            "wait": 0.5,
            "lengths": {"expansion": 2},
        },
        "searchConfig": {"beam_size": 3, "length_penalty": 1.0},
        "languages": {"source": "en", "target": "de"},
        "about": {"paragraphs": [], "tables": []},
    }
    return PackedRun(description, b"weights", b"pieces", b"pieces")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two runs."""
    path = tmp_path_factory.mktemp("views") / "page.html"
    runs = [packed("with attention", "attention"), packed(HOSTILE, "encoder-decoder")]
    path.write_text(compose("Village", runs, SENTENCE, WORKER), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def all_twelve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "twelve.html"
    path.write_text(compose("Twelve", [packed(name, name) for name in TOPOLOGIES], SENTENCE, WORKER), encoding="utf-8")
    return path


def texts(page: Any, selector: str) -> Any:
    return page.locator(selector).all_inner_texts()


def focused(page: Any) -> Any:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def shared(page: Any, expect: Any, part: str) -> Any:
    """What is written into the address, once it says `part`."""
    expect(page).to_have_url(re.compile(re.escape(part)))
    return page.evaluate("location.hash")


def test_a_piece_is_forced_and_the_rest_changes(file, opened, expect):
    page = opened(file, "#view=pieces")
    expect(page.locator(".changed-text")).to_have_text("THE OLD FARMER SINGS")
    page.get_by_role("group", name="Step 2").get_by_role("button", name="▁other").click()
    expect(page.locator("ins")).to_have_text("other farmer sings")
    expect(page.locator("del")).to_have_text("OLD FARMER SINGS")
    forced = page.get_by_role("group", name="Step 2").get_by_role("button", name=re.compile("▁other, .* forced"))
    expect(forced).to_have_attribute("aria-pressed", "true")
    again = opened(file, shared(page, expect, "force="))
    expect(again.locator("ins")).to_have_text("other farmer sings")
    again.get_by_text("Let the model choose again").click()
    expect(again.locator("ins")).to_have_count(0)
    expect(again.locator(".changed-text")).to_have_text("THE OLD FARMER SINGS")
    again.go_back()
    expect(again.locator("ins")).to_have_text("other farmer sings")


def test_a_piece_is_forced_with_the_keyboard_which_stays_where_it_is(file, opened, expect):
    page = opened(file, "#view=pieces")
    page.locator(".candidates [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("▁other")
    page.keyboard.press("Enter")
    expect(page.locator("ins")).to_have_text("other farmer sings")
    assert focused(page).startswith("▁other")


@pytest.mark.parametrize("view", ["pieces", "beam", "influence"])
def test_tab_goes_from_a_picture_to_one_of_its_cells_and_on(file, opened, view):
    page = opened(file, f"#view={view}&runs=1")
    page.locator(".canvas").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hasAttribute('data-cell')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Save as SVG"


def test_where_all_is_written_at_once_one_position_is_forced(all_twelve, opened, expect):
    page = opened(all_twelve, "#view=pieces&runs=0")
    page.get_by_role("group", name="Step 2").get_by_role("button", name="▁other").click()
    shared(page, expect, "force=0%3A-.")
    expect(page.locator(".explained .hint")).to_contain_text("changes no other")


def test_a_wiring_is_stepped_through(file, opened, expect):
    page = opened(file, "#view=wiring")
    happening = page.locator(".happening")
    expect(happening).to_have_text("All 10 steps.")
    assert page.locator(".wiring .future").count() == 0
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(happening).to_have_text("Step 2 of 10: Reads “\u2068old\u2069” forwards and “\u2068sings\u2069” backwards.")
    expect(page.locator(".wiring .node.now[data-node^=source]")).to_have_attribute("data-node", "source-2")
    page.locator("[aria-label=Step]").focus()
    page.keyboard.press("End")
    expect(happening).to_contain_text("Step 10 of 10")
    page.get_by_role("button", name="Back").click()
    expect(happening).to_contain_text("most at “\u2068sings\u2069” (70%)")
    again = opened(file, shared(page, expect, "step=9"))
    expect(again.locator(".step-number")).to_have_text("9 of 10")
    expect(again.locator(".wiring .target.now")).to_have_count(1)
    again.get_by_role("button", name="All").click()
    expect(again.locator(".wiring .now")).to_have_count(0)


def test_a_wiring_plays_and_pauses(file, opened, expect):
    page = opened(file, "#view=wiring&step=7")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".step-number")).to_have_text("9 of 10")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_every_wiring_shows_the_sentence_and_what_was_written(all_twelve, opened, expect):
    runs = "%2C".join(map(str, range(12)))
    page = opened(all_twelve, f"#view=wiring&runs={runs}&text=The+cat+sleeps")
    expect(page.locator(".wiring")).to_have_count(12)
    for picture in page.locator(".wiring").all():
        assert picture.locator(".source text").all_text_contents() == ["▁The", "▁cat", "▁sleeps", "</s>"]
        assert picture.locator(".target").count() > 0
    assert texts(page, ".explained-run h2") == list(TOPOLOGIES)


def test_the_beam_shows_the_beginning_that_a_piece_ends(file, opened, expect):
    page = opened(file, "#view=beam")
    expect(page.locator(".happening")).to_contain_text("THE OLD FARMER SINGS")
    page.get_by_role("button", name="▁x1, step 3").click()
    expect(page.locator(".happening")).to_contain_text("THE OLD x1")
    expect(page.locator(".hypothesis.on-path")).to_have_count(4)
    again = opened(file, shared(page, expect, "node="))
    expect(again.locator(".happening")).to_contain_text("THE OLD x1")


def test_on_paper_the_sentence_is_there_and_no_picture_is_cut(file, opened, expect):
    page = opened(file, "#view=wiring&runs=0")
    expect(page.locator(".picture")).to_have_count(1)
    page.set_viewport_size({"width": 300, "height": 400})
    page.emulate_media(media="print")
    expect(page.locator("#view-wiring .paper")).to_have_text("the old farmer sings")
    assert page.locator(".picture").bounding_box()["width"] < 300
    assert not page.locator(".player").is_visible()


def test_without_a_sentence_nothing_is_offered(file, opened, expect):
    page = opened(file, "#view=what-if&text=")
    expect(page.get_by_text("Type a sentence above.")).to_be_visible()
    assert not page.get_by_label("Longer and longer").is_visible()


def test_influence_stands_beside_attention_and_says_what_a_square_means(file, opened, expect):
    page = opened(file, "#view=influence&runs=0%2C1")
    expect(page.locator(".explained-run h3")).to_have_text(["Influence", "Attention", "Influence"])
    page.locator(".heat.influence [data-cell='1.1']").first.click()
    said = [
        "Without “\u2068old\u2069”, “\u2068OLD\u2069” is 55 times less likely.",
        "While writing “\u2068OLD\u2069” it looks at “\u2068old\u2069” with 70% of its attention.",
        "Without “\u2068sings\u2069”, “\u2068SINGS\u2069” is 55 times less likely.",
    ]
    expect(page.locator(".happening")).to_have_text(said)
    again = opened(file, shared(page, expect, "cell=0%3A1.1"))
    expect(again.locator(".happening")).to_have_text(said)
    assert page.get_by_text("Can this map be believed?").count() == 1


def words(page: Any) -> list[str]:
    return [each.input_value() for each in page.locator(".word input").all()]


def test_a_word_is_changed_dropped_swapped_and_added(file, opened, expect):
    page = opened(file, "#view=what-if")
    page.get_by_label("Change word 2, old").fill("young")
    page.keyboard.press("Enter")
    expect(page.locator("ins")).to_have_text("YOUNG")
    expect(page.locator("del")).to_have_text("OLD")
    page.get_by_role("button", name="Drop word 1, the").click()
    page.get_by_role("button", name="Swap with the next word 1, young").click()
    page.get_by_label("Add a word").fill("again")
    page.keyboard.press("Enter")
    expect(page.locator("ins")).to_have_text(["YOUNG", "AGAIN"])
    assert words(page) == ["farmer", "young", "sings", "again", ""]
    again = opened(file, shared(page, expect, "changed=farmer+young+sings+again"))
    expect(again.locator("ins")).to_have_text(["YOUNG", "AGAIN"])
    assert words(again) == words(page)
    again.get_by_role("button", name="As it was").click()
    expect(again.locator("ins")).to_have_count(0)


def test_a_sentence_is_repeated_and_every_run_has_a_score(file, opened, expect):
    page = opened(file, "#view=what-if&runs=0%2C1&repeat=3")
    expect(page.locator(".lengths .point")).to_have_count(6)
    page.locator(".lengths-place summary").click()
    expect(page.locator(".lengths-place tbody tr")).to_have_count(6)
    rows = [row.split("\t")[1:] for row in page.locator(".lengths-place tbody tr").all_inner_texts()]
    assert rows[:3] == [
        ["1", "5", "5", "100%", "−0.50"],
        ["2", "9", "9", "100%", "−0.50"],
        ["3", "13", "13", "100%", "−0.50"],
    ]
    assert rows[4][:4] == ["2", "9", "9", "100%"]


def test_an_error_of_a_model_is_said_in_its_place(file, opened, expect):
    page = opened(file, "#view=influence&text=it+is+broken")
    expect(page.locator(".explained [role=alert]")).to_have_text("This model could not answer: it is <broken>")
    page.fill("#sentence-text", "it is whole")
    expect(page.locator(".heat.influence")).to_be_visible()
    page.fill("#sentence-text", "")
    expect(page.locator(".explained-run")).to_have_count(0)


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_is_a_table_too_and_its_names_are_text(view, file, opened, expect):
    page = opened(file, f"#view={view}&runs=0%2C1&repeat=2")
    expect(page.locator(".explained-run h2").nth(1)).to_contain_text(HOSTILE)
    expect(page.locator("figure svg").first).to_be_visible()
    page.locator("figure .as-table summary").first.click()
    expect(page.locator("figure table tbody tr").nth(1)).to_be_visible()
    assert page.locator("img").count() == 0
    assert page.locator(".says").first.inner_text().endswith(".")


@pytest.mark.parametrize("view", VIEWS)
def test_long_words_many_pieces_and_right_to_left_text_fit_a_phone(view, file, opened, expect, fits):
    words = ["Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", "مرحبا", *(f"word{at}" for at in range(58))]
    page = opened(file, f"#view={view}&repeat=2&text={'+'.join(words)}", width=400)
    expect(page.locator("figure svg").first).to_be_visible()
    expect(page.get_by_role("tab", selected=True)).to_be_in_viewport(ratio=0.95)
    assert fits(page)
    page.locator("figure .as-table summary").first.click()
    expect(page.locator("figure table").first).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize("view", ["wiring", "pieces", "beam", "influence"])
def test_a_picture_is_saved_as_it_is_seen(view, file, opened):
    page = opened(file, f"#view={view}&step=3", color_scheme="dark")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as SVG").first.click()
    svg = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert waiting.value.suggested_filename.endswith("-with-attention.svg")
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "var(" not in svg
    assert 'fill="rgb(22, 24, 26)"' in svg
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as PNG").first.click()
    png = Path(waiting.value.path()).read_bytes()
    assert png.startswith(b"\x89PNG")
    width = float(re.search(r' width="([\d.]+)"', svg)[1])  # type: ignore[index]
    assert int.from_bytes(png[16:20], "big") == pytest.approx(2 * width, abs=2)


@pytest.fixture(scope="module")
def real(twelve: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of all twelve with small models that compute."""
    runs = []
    for made in twelve.values():
        parts = (made.folder / name for name in ("weights.bin", "source.model", "target.model"))
        description = json.loads((made.folder / "model.json").read_text(encoding="utf-8"))
        about = {"languages": {"source": "en", "target": "de"}, "about": {"paragraphs": [], "tables": []}}
        runs.append(PackedRun({**description, **about}, *(part.read_bytes() for part in parts)))
    path = tmp_path_factory.mktemp("views") / "real.html"
    path.write_text(compose("Real", runs, "one two three"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("view", "pictures"),
    [("wiring", 12), ("pieces", 12), ("beam", 12), ("influence", 13), ("what-if", 1)],
)
def test_every_view_shows_every_topology(view, pictures, real, opened, expect):
    runs = "%2C".join(map(str, range(12)))
    page = opened(real, f"#view={view}&runs={runs}&repeat=2")
    expect(page.locator(f"#view-{view} figure svg")).to_have_count(pictures, timeout=30_000)
    expect(page.locator(".explained-run[aria-busy]")).to_have_count(0, timeout=30_000)
    expect(page.locator(".explained-run")).to_have_count(12)
    assert texts(page, "[role=alert]:visible") == []
