"""Run the code blocks of a page in a folder that looks like a checkout: trainings shortened, no network."""

from __future__ import annotations

import dataclasses
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import pytest

import mtlite
from mtlite.cli import main

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TINY = {
    **{"model.units": 8, "model.embedding_size": 8, "model.layers": 1, "tokenizer.vocabulary_size": 120},
    **{"training.max_updates": 2, "training.validate_every": 2, "training.batch_tokens": 800},
    **{"training.tensorboard": False, "search.beam_size": 2},
}
"""What makes any training short."""
SHORT = [part for name, value in TINY.items() for part in (f"--{name}", str(value).lower())]
ONE_SEED = ["--ablation.seeds", "[1]", "--training.warmup_updates", "1"]

NOT_RUN = {
    "python3 -m venv": "installs; the first one is run without that, the second one is what runs these tests",
    "pip install": "needs the network",
    "sed -i": "changes a package of another environment",
    "pytest": "is what runs these tests",
    "mtlite serve": "answers until it is stopped; tests/commands/test_serve.py runs servers",
    "curl": "asks such a server",
    "transpolibre": "needs such a server",
    "MTLITE_API_KEY": "the same, on another machine",
    "hf upload": "needs the Hub",
    "mtlite translate hf://": "needs the Hub; tests/storage/test_hub.py has a stand-in for it",
    "mtlite page --ablation": "needs the trainings above; tests/page/test_ablation_choice.py chooses among such",
    "ray start": "starts a cluster; tests/ablation/test_on_ray.py starts one of its own",
    "sbatch": "needs Slurm; tests/ablation/test_on_slurm.py submits to processes here",
    "mtlite train recipe.yaml --run": "needs several machines; tests/training/test_workers.py trains with two workers",
    "srun": "needs Slurm",
    "mtlite ablate scripts/recipes/": "trains for hours; recipes are read and their records made into tables",
}
"""Commands by how they begin, and why they are not run."""
OPTIONS_ONLY = {
    "scripts/benchmark.py": "measures for minutes; tests/test_benchmark.py tests its tables",
    "scripts/other_toolkits.py": "trains for hours; tests/test_other_toolkits.py tests all but the toolkits",
    "scripts/growth.py": "writes five million pairs",
    "scripts/steady_memory.py": "trains for thousands of updates",
    "scripts/serve_load.py": "asks a server for a minute; tests/commands/test_serve.py asks one by many clients",
    "scripts/started_together.py": "starts many trainings at once; tests/test_started_together.py starts three",
    "scripts/grid_with_kills.py": "trains on clusters for minutes; tests/ablation/test_on_ray.py trains on one",
    "scripts/kill_and_resume.py": "kills trainings for minutes; tests/training/test_resume.py kills one",
    "scripts/workers_with_kills.py": "kills for minutes; tests/training/test_workers.py kills one worker",
    "scripts/workers_beside_one_process.py": "measures for minutes; tests/training/test_workers.py trains both",
    "scripts/batch_independence.py": "translates a test set 17 times; tests/translation/test_searcher.py does the like",
    "scripts/disturbed_sources.py": "translates a test set 21 times; tests/data/test_normalisation.py does the like",
    "scripts/sentencepiece_in_javascript.py": "trains 28 tokenizers; tests/page/test_sentencepiece.py does the like",
    "scripts/page_equals_python.py": "needs Node; tests/page/test_opened_model.py does the like",
    "scripts/page_speed.py": "measures in a browser; tests/page/test_page_in_browser.py translates in one",
    "scripts/onnx_equals_python.py": "translates test sets; tests/export/test_wirings.py does the like",
    "scripts/influence_check.py": "needs Node; tests/page/test_explain.py does the like",
    "scripts/level_and_power.py": "simulates for minutes; tests/test_level_and_power.py simulates a little",
    "scripts/cost_of_workers.py": "measures for minutes; tests/test_cost_of_workers.py tests its arithmetic",
    "scripts/fault_everywhere.py": "trains hundreds of times; tests/test_fault_everywhere.py injects a few faults",
    "scripts/dependency_versions.py": "installs from the network",
    "scripts/scan_splits.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/g2p_languages.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/captions.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/ensembles.py": "needs trained models; tests/ablation/test_ensembles.py has two",
    "scripts/blank_penalty.py": "needs trained models; tests/ablation/test_blank_penalty.py trains one",
    "scripts/sweeps.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/defaults.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/speed_run.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/tricks.py": "trains for hours; tests/ablation/test_corpus_tables.py makes the table",
    "scripts/tasks.py": "trains for an hour; tests/ablation/test_task_table.py makes the table",
    "scripts/findings.py": "another test compares its tables with records",
    "scripts/readme_tables.py": "another test compares tables and records",
    "tests/fuzz_files.py": "runs for hours; tests/test_fuzz_files.py runs a few inputs",
    **{
        f"corpora/{name}.py": "needs the files of its corpus; tests/corpora/test_published.py has some like them"
        for name in ("spa_eng", "scan", "cogs", "g2p")
    },
    "corpora/village/generate.py": "tests/corpora/test_village.py writes the corpus again",
}
"""Scripts whose options are compared with their --help only, and why."""


class Block(NamedTuple):
    """A fenced block."""

    language: str
    text: str


def blocks_of(page: str) -> Iterator[Block]:
    """In their order."""
    for language, text in FENCE.findall(page):
        yield Block(language, text)


@dataclass
class Checkout:
    """A folder with corpora, scripts and files of one's own, and what its commands print."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    said: str = ""  # by the last block of commands

    def run(self, block: Block) -> None:
        """Run, save or compare a block, as its language says."""
        match block.language:
            case "bash":
                lines = block.text.replace("\\\n", " ").splitlines()  # a command may go on in the next line
                self.said = "".join(map(self.command, lines))
            case "text" if self.said:
                self.compare(block.text)
            case "python" | "yaml" if name := re.match(r"# (\S+)\n", block.text):
                (self.folder / name[1]).write_text(block.text, encoding="utf-8")
            case "python":
                self.python(block.text)

    def compare(self, expected: str) -> None:
        """Every line was printed; figures may differ, … stands for anything."""
        for line in expected.splitlines():
            shape = re.sub(r"\d+", r"\\d+", re.escape(line)).replace("…", ".*")
            assert re.search(f"^{shape}$", self.said, re.MULTILINE), f"{line}\nis not in\n{self.said}"

    def python(self, code: str) -> None:
        """With short trainings."""

        def train(options: dict[str, Any], **others: Any) -> Any:
            return whole(TINY | options, **others)

        whole = mtlite.train
        self.patch.setattr(mtlite, "train", train, raising=False)
        exec(compile(code, "README", "exec"), {})
        self.said = self.printed()

    def command(self, line: str) -> str:
        """What a line of the shell prints; the reasons for what is not run stand above."""
        words = shlex.split(line, comments=True)
        if not words or any(line.startswith(start) for start in NOT_RUN):
            return ""
        if words[0] == "echo":
            (self.folder / "echo.txt").write_text(words[1] + "\n", encoding="utf-8")
            words = [*words[words.index("|") + 1 :], "<", "echo.txt"]
        if "<" in words:
            words[words.index("<")] = "--input"
        program, *arguments = words
        if program == "mtlite":
            return self.mtlite(arguments)
        if program == "python":
            return self.script(*arguments)
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) in [(0, ""), (1, "")], done.stderr  # diff says 1
        return done.stdout

    def mtlite(self, arguments: list[str]) -> str:
        """A command of mtlite in this process."""
        short = {"train": SHORT, "ablate": [] if "--record" in arguments else [*SHORT, *ONE_SEED]}
        assert main([*arguments, *short.get(arguments[0], [])]) == 0, self.printed()
        return self.printed()

    def script(self, path: str, *arguments: str) -> str:
        """A script, or of one that takes long its options alone."""
        if path in OPTIONS_ONLY:
            shown = subprocess.run(
                [sys.executable, path, "--help"], cwd=self.folder, capture_output=True, text=True, check=True
            ).stdout
            assert {word for word in arguments if word.startswith("--")} <= set(re.findall(r"--[\w-]+", shown))
            return shown
        self.patch.setattr(sys, "argv", [path, *arguments])
        self.patch.setattr(sys, "path", [str((self.folder / path).parent), *sys.path])
        runpy.run_path(str(self.folder / path), run_name="__main__")
        return self.printed()

    def printed(self) -> str:
        """On both streams since the last time."""
        sys.stdout.flush()
        return "".join(self.capture.readouterr())


def hub(folder: Path) -> Any:
    """Stands in for `datasets.load_dataset`: a data set of the Hub lies in a local folder."""

    def load_dataset(name: str, configuration: str | None, split: str | None) -> Any:
        loaded = datasets.load_from_disk(folder / Path(name).name)
        return loaded if split is None else loaded[split]

    return load_dataset


def village_lines(village: Path, folder: Path) -> None:
    """Files of one's own, and those of Multi30k, from the first sentences of the village."""
    sides = {}
    for side in ("en", "de"):
        lines = (village / f"train.{side}").read_text(encoding="utf-8").splitlines(keepends=True)
        sides[side] = lines[:400]
        (folder / f"mine.{side}").write_text("".join(lines[:300]), encoding="utf-8")
    (folder / "input.txt").write_text("".join(sides["en"][300:303]), encoding="utf-8")
    pairs = (f"{a.strip()}\t{b}" for a, b in zip(sides["en"][300:], sides["de"][300:], strict=True))
    (folder / "pairs.tsv").write_text("".join(pairs), encoding="utf-8")
    (folder / "FOLDER").mkdir()
    for number, split in enumerate(("train", "val", "test_2016_flickr")):
        for language, side in (("en", "en"), ("de", "de"), ("fr", "de")):
            some = sides[side][100 * number : 100 * (number + 1)]
            (folder / "FOLDER" / f"{split}.{language}").write_text("".join(some), encoding="utf-8")


def named_options(page: str) -> set[str]:
    """All options with a section that a page names."""
    return set(re.findall(r"--((?:data|tokenizer|model|training|search|ablation)\.[\w.]*\w)", page))


def fields(section: Any, prefix: str) -> set[str]:
    """Names of the options of a section."""
    return {f"{prefix}.{field.name}" for field in dataclasses.fields(section)}
