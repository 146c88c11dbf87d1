"""What the READMEs show is there, is true, and runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from statistics import median, stdev

import benchmark_tables
import datasets
import pytest
import readme_tables
from house import House, facts
from readme_blocks import Block, Checkout, blocks_of, fields, hub, named_options, village_lines
from samples import ROOT

from mtlite.ablation.ablate import read_ablation
from mtlite.ablation.options import AblationConfig
from mtlite.ablation.power import TYPICAL_SEED_SD, TYPICAL_SENTENCE_SD
from mtlite.cli import main
from mtlite.commands import COMMANDS
from mtlite.config.options import CorpusConfig
from mtlite.config.recipe import options, read_config, read_recipe

PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in readme_tables.pages()}
README = PAGES["README.md"]
TABLES = [(page, block[2]) for page, text in PAGES.items() for block in readme_tables.BLOCK.finditer(text)]
ENOUGH = ["--training.max_updates", "1500", "--training.validate_every", "1500"]
"""Updates of the village recipe after which the examples are translated rightly."""
REMEDY = "run python scripts/readme_tables.py"

every_page = pytest.mark.parametrize("page", PAGES)


@pytest.mark.parametrize(("page", "table"), TABLES, ids=[f"{page}-{table}" for page, table in TABLES])
def test_a_table_is_what_its_record_says(page: str, table: str) -> None:
    shown = next(block[0] for block in readme_tables.BLOCK.finditer(PAGES[page]) if block[2] == table)
    made = readme_tables.filled(shown)
    if table == "promises":  # tests may come, and none may go
        for old, new in zip(shown.splitlines(), made.splitlines(), strict=True):
            counts = [int((re.findall(r"(\d+) \|$", line) or [0])[0]) for line in (old, new)]
            assert counts[0] <= counts[1], f"{old}\ncounts tests that are gone: {REMEDY}"
    else:
        assert shown == made, REMEDY


def test_typical_variances_are_those_of_the_records() -> None:
    of_seeds, of_sentences = [], []
    captions = ("twelve-multi30k", "ablation-multi30k-en-de", "ablation-multi30k-de-en", "ablation-precision")
    for record in ("twelve-village", "ablation-village", *captions):
        family = readme_tables.family(record)
        scores = [system.scores("greedy", "test", "bleu") for system in family.systems]
        of_seeds += [stdev(each) for each in scores if len(each) > 2]
        assert family.comparison is not None
        for pair in family.comparison.primary:
            if (found := pair.differences["bleu"]).uncertainty:
                low, high = found.sentence_interval
                of_sentences.append((high - low) / (2 * 1.96) * found.uncertainty.sentences**0.5)
    assert median(of_seeds) == pytest.approx(TYPICAL_SEED_SD, rel=0.05)
    assert median(of_sentences) == pytest.approx(TYPICAL_SENTENCE_SD, rel=0.05)


@every_page
def test_every_link_leads_somewhere(page: str) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path
        if not link.startswith("https://") and (not target.exists() or (anchor and anchor not in anchors(target))):
            dead.append(link)
    assert dead == []


def anchors(page: Path) -> set[str]:
    """How links name the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_option_in_it_exists(page: str) -> None:
    known = {option.name for option in options()} | fields(AblationConfig, "ablation")
    for name in ("data.train", "data.dev", "data.test"):
        known |= {name} | fields(CorpusConfig, name)
    assert named_options(PAGES[page]) <= known


@every_page
def test_every_command_in_it_exists(page: str) -> None:
    assert set(re.findall(r"`mtlite (\w+)", PAGES[page])) <= set(COMMANDS)


@every_page
def test_every_file_in_it_exists(page: str) -> None:
    named = re.findall(r"`((?:mtlite|scripts|tests|corpora)/[\w/.-]+)`", PAGES[page])
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_first_page_is_short() -> None:
    assert len(README.splitlines()) <= 150
    assert len(PAGES["mtlite/README.md"].splitlines()) <= 60


def test_its_figures_are_those_of_the_other_pages() -> None:
    lines = next(fact.number for fact in facts(House(ROOT)) if fact.what == "changed lines encoder_decoder → peek")
    assert f"in {lines} lines of code" in README
    results = PAGES["scripts/recipes/README.md"]
    for name, bleu in re.findall(r"^(test[\w-]*): BLEU (\S+)", README, re.MULTILINE):
        assert re.search(rf"^\| {name}\b.*\| {bleu} ", results, re.MULTILINE)
        assert f"{name} {bleu}" in (ROOT / "scripts" / "recipes" / "village.yaml").read_text().replace("\n#", "")


@every_page
def test_figures_of_speed_are_those_of_the_record(page: str) -> None:
    figures = readme_tables.speed()
    assert figures is None or benchmark_tables.with_figures(PAGES[page], figures) == PAGES[page], REMEDY


@pytest.mark.parametrize("phrase", benchmark_tables.PHRASES)
def test_what_is_said_of_speed_stands_in_a_page(phrase: str) -> None:
    found = benchmark_tables.pattern_of(phrase)
    assert sum(len(found.findall(text)) for text in PAGES.values()) == 1


@pytest.mark.parametrize("recipe", sorted((ROOT / "scripts" / "recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_described(recipe: Path) -> None:
    values = read_recipe(recipe)
    if "ablation" in values:
        read_ablation(values, recipe.name)
    else:
        read_config(recipe)
    direction = recipe.stem.removeprefix("multi30k")
    shown = PAGES["scripts/recipes/README.md"]
    assert f"`{recipe.name}`" in shown or f"`{direction.removeprefix('ablation-multi30k')}`" in shown


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the first command, with fewer updates; what the command printed stands beside it."""
    command = re.search(r"mtlite\" (train \S+)", README)
    assert command is not None
    run = tmp_path_factory.mktemp("village") / "village-1"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main([*command[1].split(), "--run", str(run), *ENOUGH]) == 0
    return run


@pytest.fixture
def checkout(
    village: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Checkout:
    """A folder that a reader of the pages would sit in."""
    ignored = shutil.ignore_patterns("__pycache__", "multi30k")
    for name in ("scripts", "corpora"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("mtlite", "tests", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(village, tmp_path / "runs" / "village-1")
    village_lines(ROOT / "corpora" / "village", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(datasets, "load_dataset", hub(tmp_path / "corpora"))
    return Checkout(tmp_path, capfd, monkeypatch)


@every_page
def test_its_blocks_run(page: str, checkout: Checkout) -> None:
    for block in blocks_of(PAGES[page]):
        checkout.run(block)


def test_the_first_command_shows_what_the_page_says(village: Path, checkout: Checkout) -> None:
    shown = next(block for block in blocks_of(README) if block.language == "text")
    assert main(["evaluate", "runs/village-1"]) == 0
    checkout.said = checkout.printed()
    checkout.run(shown)


def test_a_line_that_was_not_printed_is_found(checkout: Checkout) -> None:
    checkout.said = "test: BLEU 12.30 (8 sentences)\nder Hahn\n"
    checkout.run(Block("text", "test: BLEU 96.37 (1 …\nder Hahn\n"))
    with pytest.raises(AssertionError, match="die Henne"):
        checkout.run(Block("text", "die Henne\n"))
