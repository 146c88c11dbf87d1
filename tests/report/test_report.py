"""The report: complete, self-contained, and shown whole by a real browser."""

from __future__ import annotations

import csv
import dataclasses
import html
import html.parser
import re
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest
from made_up import made_up

from mtlite.errors import RunError
from mtlite.report.report import report
from mtlite.visible import visible

TOPOLOGIES = ["attention", "peek", "ctc", "one-to-one"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    header, outcomes = made_up(topologies=TOPOLOGIES, beam=4, tune={"training.learning_rate": [0.1, 0.2]})
    folder = tmp_path_factory.mktemp("report")
    report(header, outcomes, {"peek-seed-9": "killed by SIGKILL"}, folder)
    return folder / "report.html"


class Found(html.parser.HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.first_cells: list[str] = []
        self.alternatives: list[str] = []
        self.captions: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        self.alternatives += [value or "" for name, value in attrs if name == "alt"]
        self.inside = (
            "caption"
            if tag == "figcaption"
            else "first cell"
            if tag in ("td", "th") and self.inside == "row"
            else "row"
            if tag == "tr"
            else ""
        )

    def handle_data(self, data: str) -> None:
        if self.inside in ("first cell", "caption"):
            (self.captions if self.inside == "caption" else self.first_cells).append(data)
            self.inside = ""


def test_everything_is_in_the_page(page: Path) -> None:
    text = page.read_text()
    found = Found(text)
    assert not [source for source in found.sources if not source.startswith(("data:image/svg+xml;base64,", "#"))]
    assert found.tags.count("script") == 2  # one of them is data
    assert "http://" not in re.sub(r'src="[^"]*"', "", text)
    pictures = sorted(path.name for path in page.parent.glob("*.svg"))
    assert found.tags.count("img") == len(pictures) == 8
    assert all(alternative and alternative not in found.captions for alternative in found.alternatives)
    for topology in TOPOLOGIES:
        assert found.first_cells.count(topology) >= 6
    for said in ("killed by SIGKILL", "mtlite ablate made-up.yaml", "signature of bleu", "training.learning_rate"):
        assert said in text


def test_the_words_fit_what_was_compared(page: Path, tmp_path: Path) -> None:
    text = (page.parent / "report.md").read_text()
    assert "Chosen for each system on the dev set: training.learning" in text
    assert "BLEU / chrF2 by words in the source" in text
    assert "Number of sentences by sentence BLEU." in text
    assert "every system can write (test 24, test-new 24)" in text
    assert text.count("verdicts of this report.") == 2
    assert not re.search(r"^## .*secondary", text, re.MULTILINE)  # other metrics are, and no test set
    assert "for ideas, not as evidence" in text
    assert text.count("MFLOP/pair:") == 1
    header, outcomes = made_up(topologies=TOPOLOGIES[:2], grid={"model.units": [4, 8]}, seeds=[1])
    header = dataclasses.replace(header, ablation=dataclasses.replace(header.ablation, primary=["test-new"]))
    report(header, outcomes, {}, tmp_path)
    said = (tmp_path / "report.md").read_text()
    assert "compares 4 systems. Trained with seed 1." in said
    assert "the tokenizer, the layers, the number of updates and" in said
    assert "They differ in model.units, which the recipe asks for." in said
    assert "none was tuned for a single system" in said
    headings = re.findall(r"^## Results on (test\S*), units=4(.*)$", said, re.MULTILINE)
    assert headings == [("test-new", ""), ("test", " (secondary)")]
    assert not re.search(r"\breal\b", text + said)


def test_markdown_has_the_same_rows_and_its_pictures(page: Path) -> None:
    text = (page.parent / "report.md").read_text()
    rows = sum(line.startswith("|") and not line.startswith(("| ---", "| --:")) for line in text.splitlines())
    assert rows == Found(page.read_text()).tags.count("tr")
    for name in re.findall(r"!\[.*\]\((.*)\)", text):
        assert (page.parent / name).read_bytes().startswith(b"<?xml")


def test_latex_has_every_system_and_balanced_braces(page: Path) -> None:
    text = (page.parent / "report.tex").read_text()
    assert text.count("\\begin{table}") == text.count("\\end{table}") > 3
    assert "$\\geq$" in text
    labels = re.findall(r"\\label\{tab:(.*?)\}", text)
    assert len(set(labels)) == len(labels) == text.count("\\begin{table}")
    assert all(labels)
    assert text.isascii()
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    for columns, body in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end", text, re.DOTALL):
        for line in re.findall(r"(.*) \\\\$", body, re.MULTILINE):
            assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1


def test_the_same_numbers_make_the_same_files(page: Path, tmp_path: Path) -> None:
    header, outcomes = made_up(topologies=TOPOLOGIES, beam=4, tune={"training.learning_rate": [0.1, 0.2]})
    report(header, dict(reversed(outcomes.items())), {"peek-seed-9": "killed by SIGKILL"}, tmp_path)
    assert (tmp_path / "report.html").read_bytes() == page.read_bytes()


def test_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no cell was finished \\(the loss is nan\\)"):
        report(made_up()[0], {}, {"peek-seed-1": "the loss is nan"}, tmp_path)


def browse(page: Path, profile: Path, *options: str) -> bytes:
    """What a browser without a window prints of a page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--allow-file-access-from-files", "--virtual-time-budget=20000"]
    command += [f"--user-data-dir={profile}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("width", [1400, 420])
def test_a_browser_shows_every_picture_and_every_row(page: Path, tmp_path: Path, width: int) -> None:
    # The page is looked at from outside, through a frame of the width that is asked for.
    looking = """<iframe id="f" src="report.html" style="border:0;width:%dpx;height:900px"></iframe><p id="seen"></p>
    <script>addEventListener("load", async () => {
      const page = document.getElementById("f").contentDocument;
      page.querySelectorAll("details").forEach(each => each.open = true);
      const images = [...page.images];
      await Promise.all(images.map(each => each.decode()));
      const rows = [...page.querySelectorAll("tr")];
      document.getElementById("seen").textContent = [
        images.filter(each => each.naturalWidth > 0 && each.getBoundingClientRect().width > 100).length,
        rows.filter(each => each.getBoundingClientRect().height > 8).length,
        page.documentElement.scrollWidth <= page.documentElement.clientWidth,
      ].join(" ");
    });</script>"""
    (page.parent / "looking.html").write_text(looking % width)
    dom = browse(page.parent / "looking.html", tmp_path, "--dump-dom").decode()
    found = Found(page.read_text())
    assert f'<p id="seen">{found.tags.count("img")} {found.tags.count("tr")} true</p>' in dom


def test_what_is_folded_away_is_printed(page: Path, tmp_path: Path) -> None:
    def pages(text: str) -> int:
        (tmp_path / "page.html").write_text(text)
        browse(tmp_path / "page.html", tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}")
        return len(re.findall(rb"/Type /Page\b", (tmp_path / "page.pdf").read_bytes()))

    text = page.read_text()
    assert text.count("<details>") > 2
    unfolded = pages(re.sub(r"<details(?![^>]* open)", "<details open", text))
    assert pages(re.sub('<script type="module">.*</script>', "", text, flags=re.DOTALL)) < unfolded
    assert pages(text) == unfolded


HOSTILE = [
    *("<script>alert(1)</script>", "</style><b>", "]]>", "--><b>", '" onload="x', "' x", "`a` ``` b", "a|b|c", "$x$"),
    *("\\\\input{x}", "a_b_c", "**b**", "[a](http://x)", "![a](x)", "\u202eevil", "a\u2028b", "\x1b[31mred", "\x9b2J"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "&lt;", "%", "#1", "~", "^", "{", "}", "<details>"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(name: str, tmp_path: Path) -> None:
    def written(kind: str, name: str) -> str:
        folder = tmp_path / kind
        header, outcomes = made_up(topologies=["attention"], grid={"tokenizer.model": ["a", name]}, seeds=[1])
        report(dataclasses.replace(header, name=f"{name}.yaml"), outcomes, {"peek-seed-9": name}, folder)
        return (folder / "report.html").read_text(encoding="utf-8")

    page, harmless = written("hostile", name), written("harmless", "b")
    assert html.escape(visible(name).strip()) in page
    assert Found(page).tags == Found(harmless).tags
    folder = tmp_path / "hostile"
    for file in ("report.html", "report.md", "report.tex"):
        text = (folder / file).read_text(encoding="utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
        for sign in ("|", "&", "{", "}") if file != "report.html" else ():  # unescaped ones: cells and groups
            other = (tmp_path / "harmless" / file).read_text(encoding="utf-8")
            table = re.compile(r"(?<!\\)(?:\\\\)*" + re.escape(sign))
            if sign == "|" and file == "report.md":
                lines = [[each for each in one.split("\n") if each[:1] == "|"] for one in (text, other)]
                assert [len(table.findall(each)) for each in lines[0]] == [
                    len(table.findall(each)) for each in lines[1]
                ]
            if sign == "&" and file == "report.tex":
                assert len(table.findall(text)) == len(table.findall(other))
            if sign == "{" and file == "report.tex":
                assert len(table.findall(text)) == len(re.findall(r"(?<!\\)(?:\\\\)*\}", text))
    with open(folder / "results.csv", encoding="utf-8", newline="") as file_of_rows:
        cells = [cell for row in csv.reader(file_of_rows) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell]
    assert not [cell for cell in cells if cell[:1] == "-" and not re.fullmatch(r"-[\d.]+", cell)]
    for svg in folder.glob("*.svg"):
        xml.etree.ElementTree.parse(svg)
