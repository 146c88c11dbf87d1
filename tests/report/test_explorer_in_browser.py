"""A reader explores a report: chooses systems, sorts, filters, searches, follows buckets, links what was found."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_up import made_up

from mtlite.report.report import report
from mtlite.visible import visible, visible_line

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Opened = Callable[..., "Page"]

TOPOLOGIES = ["attention", "peek", "ctc"]
NAMES = ["</script><script>alert(1)</script>", "\"'</style>]]>\u2028\x1b[31m"]
HOSTILE = f"{NAMES[0]} <!-- {NAMES[1]} <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    header, outcomes = made_up(topologies=TOPOLOGIES)
    folder = tmp_path_factory.mktemp("report")
    report(header, outcomes, {}, folder)
    return folder / "report.html"


def chooser(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def shown_rows(page: Page, table: str) -> list[str]:
    rows = page.locator(f'figure[data-table="{table}"] tbody tr:visible th')
    return [text.removesuffix(" *") for text in rows.all_inner_texts()]


def test_systems_that_are_not_chosen_are_hidden(opened: Opened, page_file: Path) -> None:
    page = opened(page_file)
    assert sorted(shown_rows(page, "results-1")) == sorted(TOPOLOGIES)
    page.get_by_role("checkbox", name="ctc", exact=True).uncheck()
    assert sorted(shown_rows(page, "results-1")) == sorted(set(TOPOLOGIES) - {"ctc"})
    page.get_by_role("button", name="open all").click()
    assert page.get_by_text("Side by side: attention and ctc").is_hidden()
    assert page.get_by_text("Side by side: attention and peek").is_visible()
    page.reload()
    assert not page.get_by_role("checkbox", name="ctc", exact=True).is_checked()
    page.get_by_role("button", name="none").click()
    assert shown_rows(page, "results-1") == []
    page.get_by_role("button", name="all", exact=True).click()
    assert sorted(shown_rows(page, "results-1")) == sorted(TOPOLOGIES)
    assert "systems" not in page.url


def test_sentences_are_sorted_and_their_differences_marked(opened: Opened, page_file: Path) -> None:
    page = opened(page_file)
    assert "All 40 sentences" in page.locator(".found").inner_text()
    chooser(page, "Beside").select_option(label="ctc")
    chooser(page, "Order").select_option("ahead")
    cards = page.locator(".card")
    assert cards.count() == 10
    first, second = (float(number) for number in cards.first.locator(".number").all_inner_texts()[-2:])
    assert first - second >= 10
    assert cards.first.locator("ins, del, .moved").count() > 0
    assert all(text in SAID for text in {each.get_attribute("title") for each in cards.locator("ins, del").all()})
    page.get_by_label("show all chosen systems").check()
    names = ", ".join(cards.first.locator("dt").all_inner_texts())
    assert all(topology in names for topology in TOPOLOGIES)
    page.get_by_role("button", name="Next").click()
    assert "11 to 20 of 40" in page.locator(".pager").inner_text()


SAID = {"not in the reference", "missing", "elsewhere in the reference"}


def test_a_bucket_leads_to_its_sentences(opened: Opened, page_file: Path) -> None:
    page = opened(page_file)
    page.get_by_role("link", name="Where each one fails").click()
    for table in ("length", "word-order", "rarest-word"):
        bucket = page.locator(f'figure[data-table="{table}"] thead button').last
        count = int(re.findall(r"\((\d+)\)", bucket.inner_text())[0])
        bucket.click()
        said = page.locator(".found").inner_text()
        assert said.startswith(f"{count} of 40" if count < 40 else "All 40")
        assert f"{table}=" in page.url
    assert page.locator(".controls").is_visible()
    cell = page.locator('figure[data-table="sentence-bleu"] tbody tr').filter(has_text="peek").locator("button").last
    count = int(cell.inner_text())
    cell.click()
    assert page.locator(".found").inner_text().startswith(f"{count} of 40")
    assert chooser(page, "System").evaluate("each => each.selectedOptions[0].text") == "peek"
    page.go_back()
    assert "rarest-word=" in page.url
    assert "sentence-bleu" not in page.url


def test_what_was_found_can_be_linked(opened: Opened, page_file: Path) -> None:
    page = opened(page_file)
    page.get_by_label("Search").fill("Katzen")
    page.wait_for_url("**search=Katzen**")
    chooser(page, "Test set").select_option(label="test-new")
    chooser(page, "Seed").select_option("2")
    found, address = page.locator(".cards").inner_text(), page.url.partition("#")[2]
    assert found
    other = page.context.new_page()
    other.goto(f"{page_file.as_uri()}#{address}")
    assert other.locator(".cards").inner_text() == found
    assert other.get_by_label("Search").input_value() == "Katzen"
    page.get_by_role("button", name="Show all sentences").click()
    assert "All 40 sentences" in page.locator(".found").inner_text()


def test_the_contents_open_a_section(opened: Opened, page_file: Path) -> None:
    page = opened(page_file)
    made = page.locator("details.section", has_text="How it was made").last
    assert made.get_attribute("open") is None
    page.get_by_role("link", name="How it was made").click()
    page.get_by_text("This command trains and compares again").wait_for()
    assert made.get_attribute("open") == ""
    address = page.url.partition("#")[2]
    page.get_by_role("button", name="fold all").click()
    assert page.locator("details.section[open]").count() == 0
    other = page.context.new_page()
    other.goto(f"{page_file.as_uri()}#{address}")
    other.get_by_text("This command trains and compares again").wait_for()


@pytest.mark.parametrize("width", [1400, 400])
def test_no_page_is_wider_than_the_window(
    opened: Opened, fits: Callable[[Page], bool], page_file: Path, width: int
) -> None:
    page = opened(page_file, "#everyone=1", width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert fits(page)
    edges = "each => [each.getBoundingClientRect().left, each.getBoundingClientRect().right]"
    side, main = (page.locator(each).evaluate(edges) for each in (".side", "main"))
    beside = side[1] <= main[0]
    assert beside is (width == 1400)


def test_hostile_text_is_shown_as_text(opened: Opened, tmp_path: Path) -> None:
    header, outcomes = made_up(topologies=["attention"], grid={"tokenizer.model": NAMES}, seeds=[1])
    sides = {name: [f"{HOSTILE} {number}" for number, _ in enumerate(lines)] for name, lines in header.sides.items()}
    for outcome in outcomes.values():
        for test, output in outcome.outputs["greedy"].items():
            lines = [f"{HOSTILE} {line}" for line in output.hypotheses]
            outcome.outputs["greedy"][test] = dataclasses.replace(output, hypotheses=lines)
    report(dataclasses.replace(header, sides=sides, name=HOSTILE), outcomes, {}, tmp_path)
    page = opened(tmp_path / "report.html", "#everyone=1")
    assert visible(HOSTILE) in page.locator(".card dd").first.inner_text()
    names = " ".join(page.locator(".card dt").all_inner_texts())
    assert all(visible_line(name) in names for name in NAMES)
    assert page.get_by_role("checkbox").count() == 3
    assert page.locator("img[src=x]").count() == 0
    page.get_by_label("Search").fill("<img SRC=x")
    page.wait_for_url("**search=**")
    assert page.locator(".card").count() == 10


def test_without_scripts_all_but_the_sentences_can_be_read(opened: Opened, page_file: Path) -> None:
    page = opened(page_file, java_script_enabled=False)
    assert page.get_by_text("open this page where scripts may run").is_visible()
    page.locator("summary", has_text="Quality and cost").click()
    assert page.locator('figure[data-table="costs"]').is_visible()
