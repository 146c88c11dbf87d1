"""What the README shows is there and runs."""

import re

import pytest
from samples import ROOT

from mtlite.ablation.ablate import read_ablation
from mtlite.cli import COMMANDS, main
from mtlite.config.recipe import options, read_config, read_recipe
from mtlite.config.registry import TOPOLOGIES

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_option_in_it_exists():
    known = {option.name for option in options()}
    named = set(re.findall(r"--((?:data|tokenizer|model|training|search)\.[\w.]*\w)", README)) | {"seed"}
    assert named - {"data.dev", "data.test"} <= known


def test_every_command_in_it_exists():
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", README, re.DOTALL))
    assert set(re.findall(r"^mtlite (\w+)", blocks, re.MULTILINE)) <= set(COMMANDS)


def test_every_topology_is_in_it():
    assert set(re.findall(r"^\| `([\w-]+)` \| .* \| .* \| .* \|$", README, re.MULTILINE)) == set(TOPOLOGIES)


@pytest.mark.parametrize("recipe", sorted((ROOT / "scripts" / "recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_valid(recipe):
    values = read_recipe(recipe)
    if "ablation" in values:
        read_ablation(values, recipe.name)
    else:
        read_config(recipe)


@pytest.mark.parametrize("path", re.findall(r"!\[.*?\]\((.*?)\)|(?<=train )(scripts/\S+?\.yaml)", README))
def test_every_file_in_it_is_there(path):
    assert (ROOT / (path[0] or path[1])).is_file()


def test_the_quickstart_trains_and_scores(tmp_path, monkeypatch, capfd):
    """The README's first command, with fewer updates of a smaller model."""
    command = re.search(r"mtlite\" train (\S+)", README)
    assert command is not None
    monkeypatch.chdir(ROOT)
    smaller = ["--training.max_updates", "4", "--training.validate_every", "2", "--model.units", "8"]
    smaller += ["--model.embedding_size", "8", "--training.batch_tokens", "800", "--search.beam_size", "2"]
    assert main(["train", command[1], "--run", str(tmp_path / "run"), *smaller]) == 0
    shown = capfd.readouterr().err
    for name in ("test", "test-long", "test-new"):
        assert re.search(rf"^{name}: BLEU \d", shown, re.MULTILINE)
