"""`mtlite completion`: what the shells offer."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mtlite.cli import main
from mtlite.commands import COMMANDS
from mtlite.commands.completion import whole_parser
from mtlite.config.registry import TOPOLOGIES

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_shtab_mtlite mtlite "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in (*COMMANDS, *TOPOLOGIES, "inverse-square-root"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["tra"], {"train", "translate"}),
        (["train", "--model.topology", "re"], {"repeat-vector"}),
        (["train", "--training.deterministic", ""], {"true", "false"}),
        (["ablate", "--ablation.match", ""], {"size", "parameters"}),
        (["topologies", "p"], {"padded", "peek"}),
        (["evaluate", "--bea"], {"--beam"}),
    ],
)
def test_what_bash_offers(
    words: list[str], offered: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", "bash"])
    (tmp_path / "script").write_text(capsys.readouterr().out)
    command = ["bash", "--norc", "-c", BASH, "bash", str(tmp_path / "script"), "mtlite", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert {*done.stdout.split()} == offered, done.stderr


def test_every_command_has_its_options() -> None:
    (commands,) = (action for action in whole_parser()._actions if isinstance(action.choices, dict))
    assert list(commands.choices or {}) == list(COMMANDS)
