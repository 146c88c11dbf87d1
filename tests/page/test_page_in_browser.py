"""The page in a real browser, opened from disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtlite.page.compose import PackedRun, compose
from mtlite.page.page import Wishes, choose_runs, make_page
from mtlite.translation.translator import Translator

FAKE_WORKER = Path(__file__).parent / "fake_worker.js"
HOSTILE = "</script><img src=x onerror=alert(1)> “\u2028” \" ' &amp;"
TEXT = "One sentence. Another one.\n\nThe last 🦊 runs."


def description(name: str) -> dict[str, object]:
    return {
        "name": name,
        "topology": "attention",
        "search": "token by token",
        "searchConfig": {"beam_size": 3, "length_penalty": 1.0},
        "languages": {"source": "en", "target": "de"},
        "about": {
            "paragraphs": [f"Licence of {name}"],
            "tables": [
                {"caption": "Scores", "rows": [["set", "BLEU"], ["test", "12.3"]], "folded": False},
                {"caption": "Configuration", "rows": [["option", "value"], ["model.units", "8 " * 90]], "folded": True},
            ],
        },
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page of two runs whose models are stood in for."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    runs = [PackedRun(description(name), b"weights", b"pieces", b"pieces") for name in ("first", HOSTILE)]
    path.write_text(compose(f"Two {HOSTILE}", runs, TEXT, FAKE_WORKER), encoding="utf-8")
    return path


def outputs(page):
    """The paragraphs of the first run."""
    page.wait_for_selector("article[aria-busy=false]")
    return page.locator("article").first.locator(".output > p").all_inner_texts()


def test_the_text_is_translated_by_paragraph(file, opened):
    page = opened(file)
    assert outputs(page) == ["ONE SENTENCE. ANOTHER ONE.", "", "THE LAST 🦊 RUNS."]
    assert page.locator(".notes li").all_inner_texts() == ["Not in this model's vocabulary, and lost: 🦊"]
    assert page.locator("#status").inner_text() == "Translated 3 sentences."


def test_what_is_typed_is_translated_and_stands_in_the_address(file, opened, expect):
    page = opened(file)
    page.fill("#text", "Grüße & “more”.")
    page.wait_for_url("**Gr%C3%BC**")
    expect(page.locator(".output")).to_have_text("GRÜSSE & “MORE”.")
    again = opened(file, page.evaluate("location.hash"))
    assert again.input_value("#text") == "Grüße & “more”."
    assert outputs(again) == ["GRÜSSE & “MORE”."]


def test_an_alternative_is_chosen_with_the_keyboard_and_shared(file, opened, expect):
    page = opened(file, "#text=One+two.")
    sentence = page.locator(".sentence").first
    sentence.focus()
    page.keyboard.press("Enter")
    assert page.locator(".alternatives li button bdi").all_inner_texts() == ["ONE TWO.", "One two.", ".owt enO"]
    page.keyboard.press("Escape")
    assert page.locator(".alternatives").count() == 0
    page.keyboard.press("Enter")
    page.locator(".alternatives button").nth(2).press("Enter")
    assert outputs(page) == [".owt enO"]
    assert outputs(opened(file, page.evaluate("location.hash"))) == [".owt enO"]
    page.go_back()
    expect(page.locator(".sentence")).to_have_text("ONE TWO.")


def test_a_long_translation_shows_its_progress_and_can_be_stopped(file, opened, expect):
    page = opened(file, "#text=" + "Quick.+" * 15 + "An+endless+one.+" * 15)
    expect(page.locator(".sentence")).to_have_count(15)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("article[aria-busy=false]")
    assert page.locator("#status").inner_text() == "Stopped after 15 of 30 sentences."
    page.fill("#text", "Next.")
    expect(page.locator(".output")).to_have_text("NEXT.")


def test_an_error_of_a_model_is_said(file, opened):
    page = opened(file, "#text=It+is+broken.")
    assert page.locator(".notes .fault").inner_text() == "This model could not translate: run 0 is <broken>"
    page.fill("#text", "Whole.")
    page.wait_for_selector(".sentence")
    assert page.locator(".fault:visible").count() == 0


def test_runs_stand_side_by_side_and_hostile_names_are_text(file, opened, expect):
    page = opened(file)
    assert page.title() == page.locator("h1").inner_text() == f"Two {HOSTILE}".replace("\u2028", " ")
    page.get_by_label(HOSTILE.replace("\u2028", " ")[:20]).check()
    expect(page.locator("article.translation .sentence")).to_have_count(6)
    boxes = [each.bounding_box() for each in page.locator("article.translation").all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] < boxes[1]["x"]
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(scheme, file, opened):
    def background(page):
        return sum(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))))

    page = opened(file, color_scheme=scheme)
    assert (background(page) < 200) == (scheme == "dark")
    page.locator("#theme").click()
    assert (background(page) < 200) == (scheme == "light")


def test_tabs_with_the_keyboard(file, opened):
    page = opened(file)
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "About"
    assert page.locator("details.about > summary").first.inner_text() == "first"
    page.locator("details.about > summary").first.click()
    assert page.locator("details.about table").first.inner_text().split() == ["Scores", "set", "BLEU", "test", "12.3"]
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#text")


@pytest.mark.parametrize("address", ["", "#runs=0,1&text=" + "long" * 60, "#view=about"])
@pytest.mark.parametrize("width", [320, 400, 1400])
def test_no_view_scrolls_to_the_side(address, width, file, opened, fits):
    page = opened(file, address, width)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert fits(page)


@pytest.mark.parametrize("address", ["#view=none&runs=7,8&beam=x", "#&&%%%", "#text=" + "%F0" * 50])
def test_an_address_that_is_no_good_shows_the_page(address, file, opened):
    assert opened(file, address).get_by_role("tab", selected=True).inner_text() == "Translate"


def test_text_that_runs_from_right_to_left(file, opened):
    page = opened(file, "#text=مرحبا+بالعالم.")
    page.wait_for_selector(".sentence")
    for selector in ("#text", ".output p"):
        assert page.locator(selector).first.evaluate("each => getComputedStyle(each).direction") == "rtl"


def test_paper_shows_text_and_translation_and_no_controls(file, opened):
    page = opened(file)
    outputs(page)
    page.emulate_media(media="print")
    assert page.locator("button:visible, textarea:visible, #bar:visible").count() == 0
    assert page.locator(".paper").inner_text() == TEXT
    assert page.locator(".output").inner_text().startswith("ONE SENTENCE.")


def test_everything_that_can_be_used_has_a_name(file, opened):
    page = opened(file)
    outputs(page)
    nameless = """all => all.filter(each => !(each.getAttribute("aria-label") || each.labels?.length
        || each.textContent.trim())).map(each => each.outerHTML)"""
    assert page.locator("button, input, select, textarea, [role=button], progress").evaluate_all(nameless) == []


def test_the_policy_stops_what_would_ask_the_network(file, browser):
    context = browser.new_context()
    page, ends = context.new_page(), []
    page.on("requestfinished", lambda request: ends.append((request.url, "sent")))
    page.on("requestfailed", lambda request: ends.append((request.url, request.failure)))
    page.goto(file.as_uri())
    attempts = """async () => {
        const ends = [await fetch("https://example.org/a").then(() => "sent", () => "refused")];
        const image = new Image();
        ends.push(await new Promise(done => {
          image.onload = () => done("sent"); image.onerror = () => done("refused"); image.src = "https://example.org/b";
        }));
        const script = document.createElement("script");
        ends.push(await new Promise(done => {
          script.onload = () => done("sent"); script.onerror = () => done("refused");
          script.src = "https://example.org/c"; document.body.append(script);
        }));
        return ends;
    }"""
    assert page.evaluate(attempts) == ["refused"] * 3
    assert {end for url, end in ends if url.startswith("http")} == {"csp"}
    context.close()


@pytest.fixture(scope="module")
def trained(tiny_run, tmp_path_factory):
    """A page of a small trained model, with its weights as they are."""
    path = tmp_path_factory.mktemp("trained") / "page.html"
    path.write_text(make_page(choose_runs([str(tiny_run)], {}), Wishes(precision="float32")), encoding="utf-8")
    return path


def test_a_trained_model_translates_as_in_python(trained, tiny_run, opened, expect):
    lines = ["one two three", "ten", "six five 🦊"]
    page = opened(trained)
    page.fill("#text", "\n".join(lines))
    expect(page.locator(".sentence")).to_have_count(3)
    shown = [text.replace("(an empty translation)", "") for text in page.locator(".sentence").all_inner_texts()]
    assert shown == [" ".join(text.split()) for text in Translator.load(tiny_run)(lines)]
    assert page.locator(".notes li").count() == 1


@pytest.mark.parametrize("width", [400, 1400])
def test_every_view_of_a_trained_model_opens_and_fits(width, trained, opened, fits, expect):
    page = opened(trained, "#text=one+two+three+four", width)
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
        assert page.get_by_role("tabpanel").inner_text().strip()
        assert page.locator(".fault:visible").count() == 0
        assert fits(page), tab.inner_text()
        place, strip = tab.bounding_box(), page.get_by_role("tablist").bounding_box()
        assert strip["x"] - 1 <= place["x"] <= place["x"] + place["width"] <= strip["x"] + strip["width"] + 1
