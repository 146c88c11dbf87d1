"""What a user would choose instead: other toolkits on the same corpus and the same processors, BLEU over minutes.

    python scripts/other_toolkits.py prepare FOLDER --pairs corpora/multi30k
    python scripts/other_toolkits.py train FOLDER mtlite-attention --python python --minutes 25
    python scripts/other_toolkits.py train FOLDER eole-transformer --python OTHER/bin/python --minutes 25
    python scripts/other_toolkits.py translate FOLDER --python OTHER/bin/python
    python scripts/other_toolkits.py record FOLDER

Each toolkit has an environment of its own, whose Python is given. `train` starts its own command, ends it after so many
minutes, translates the dev set with each of its checkpoints, greedily, and scores with sacrebleu. Minutes are those of
the clock from the start of the command, the toolkit's own validations included. `translate` compares eole's Transformer
in CTranslate2 with mtlite. `record` writes what was found to scripts/other-toolkits.json. Let nothing else run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sentencepiece
from benchmark import reference_config
from contenders.ours import OurTranslation
from contenders.process import Contender
from toolkits.recipes import PIECES, RECIPES
from toolkits.tables import NAMES, RECORD

from mtlite.config.plain_yaml import write_yaml
from mtlite.data.corpus import load_corpus
from mtlite.data.lines import read_lines
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.evaluation.scores import bleu
from mtlite.runtime import choose_precision
from mtlite.storage.run_directory import LOG, RESOLVED, Run
from mtlite.storage.training_log import Validated, read_training_log
from mtlite.translation.loading import open_runs

SETS = ("train", "dev", "test")
SIDES = {"source": "en", "target": "de"}
MOST_POINTS = 10  # of a curve
SECONDS_TO_END = 30  # that a toolkit has to end by itself
COMPUTE_TYPES = ("float32", "int8")  # of CTranslate2
TRANSLATION = "translation.json"


@dataclass(frozen=True)
class Checkpoint:
    """What a toolkit has saved.

    Args:
        path: of it.
        update: after which.
        minutes: of the clock since its command started.
    """

    path: Path
    update: int
    minutes: float


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Any, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.add_argument("folder", type=lambda text: Path(text).resolve(), help="where everything is kept")
        made.set_defaults(does=does)
        return made

    made = command("prepare", prepare, "write the corpus, raw and in pieces, for all toolkits")
    made.add_argument("--pairs", help="a folder as corpora/multi30k.py makes it (default: the Hub's Multi30k)")
    made = command("train", train, "train with another toolkit, and score its checkpoints")
    made.add_argument("name", choices=RECIPES, help="toolkit and model")
    made.add_argument("--python", type=Path, required=True, help="of the environment that the toolkit is installed in")
    made.add_argument("--minutes", type=float, required=True, help="after which the training is ended")
    made = command("translate", translate, "measure eole's Transformer in CTranslate2 beside both models of mtlite")
    made.add_argument("--python", type=Path, required=True, help="of eole's environment")
    made.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    command("record", record, "write what was found beside this script")
    options = parser.parse_args()
    try:
        options.does(options)
    except MtliteError as error:
        print(f"other_toolkits.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def prepare(options: argparse.Namespace) -> None:
    """Raw text, pieces of one joint SentencePiece model, and its vocabulary.

    Raises:
        UsageError: if there is something already.
    """
    folder: Path = options.folder
    if folder.exists():
        raise UsageError(f"{folder} exists: give a new folder")
    corpus = load_corpus(reference_config(options.pairs).data)
    folder.mkdir(parents=True)
    for name, pairs in {"train": corpus.train, **corpus.held_out}.items():
        for side, language in SIDES.items():
            write_lines(folder / f"{name}.{language}", pairs[side])
    sentencepiece.SentencePieceTrainer.train(
        input=[str(folder / f"train.{language}") for language in SIDES.values()],
        model_prefix=str(folder / "joint"), vocab_size=PIECES, character_coverage=1.0, minloglevel=2,
        unk_id=0, pad_id=1, bos_id=2, eos_id=3,
    )  # fmt: skip
    model, counts = pieces_of(folder), Counter[str]()
    for name in SETS:
        for language in SIDES.values():
            encoded = model.encode(list(read_lines(folder / f"{name}.{language}")), out_type=str)
            write_lines(folder / f"{name}.pieces.{language}", [" ".join(pieces) for pieces in encoded])
            counts.update(piece for pieces in encoded for piece in pieces if name == "train")
    known = [model.id_to_piece(number) for number in range(4, len(model))]
    write_lines(folder / "joint.vocabulary", known)
    write_lines(folder / "joint.counts", [f"{piece}\t{counts[piece]}" for piece in known if counts[piece]])
    print(f"{len(corpus.train):,} pairs and {len(known):,} pieces in {folder}")


def pieces_of(folder: Path) -> sentencepiece.SentencePieceProcessor:
    """The model that all share."""
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "joint.model"))


def write_lines(path: Path, lines: Any) -> None:
    """A file with an end after each line."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def train(options: argparse.Namespace) -> None:
    """Train for so many minutes; then write `curve.json` of the contender.

    Raises:
        UsageError: if it has been trained already.
        RunError: if the toolkit fails or saves nothing.
    """
    folder, place = options.folder, options.folder / options.name
    if place.exists():
        raise UsageError(f"{place} exists: remove it to train again")
    place.mkdir()
    toolkit = TOOLKITS[options.name.partition("-")[0]](options.python, folder, place, RECIPES[options.name](folder))
    start = time.time()
    run_for(toolkit.training(), place / "training.log", options.minutes * 60)
    saved = [each for each in toolkit.checkpoints(start) if start + 60 * each.minutes < time.time() - 1]
    if not saved:
        raise RunError(f"{options.name} saved nothing in {options.minutes:g} minutes: see {place / 'training.log'}")
    points = []
    for checkpoint in spread(saved, MOST_POINTS):
        score = toolkit.dev_bleu(checkpoint)
        points.append({"minutes": checkpoint.minutes, "update": checkpoint.update, "dev_bleu": score})
        print(f"{options.name}: {checkpoint.minutes:.1f} minutes, dev BLEU {score:.2f}", flush=True)
    best = max(zip(points, spread(saved, MOST_POINTS), strict=True), key=lambda pair: pair[0]["dev_bleu"])[1]
    figures = {"points": points, "best": str(best.path.relative_to(folder))}
    (place / "curve.json").write_text(json.dumps(figures, indent=1) + "\n")


def spread(saved: list[Checkpoint], most: int) -> list[Checkpoint]:
    """At most so many, the last one among them, evenly apart."""
    step = max(1, -(-len(saved) // most))
    return saved[::-1][::step][::-1]


def references(folder: Path, name: str) -> list[list[str]]:
    """Of the dev or the test set, one a sentence."""
    return [[line] for line in read_lines(folder / f"{name}.de")]


def run_for(command: list[str], log: Path, seconds: float) -> None:
    """Run a command, and end it after so long as Ctrl-C would, then for good.

    Raises:
        RunError: if it fails before.
    """
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        for number in (signal.SIGINT, signal.SIGKILL):
            os.killpg(process.pid, number)
            try:
                process.wait(SECONDS_TO_END)
                return
            except subprocess.TimeoutExpired:
                continue
    else:
        if code:
            raise RunError(f"{command[0]} ended with code {code}: see {log}")


@dataclass(frozen=True)
class Toolkit(ABC):
    """A toolkit in an environment of its own.

    Args:
        python: of the environment.
        folder: with the corpus.
        place: of this training.
        recipe: for the toolkit.
    """

    python: Path
    folder: Path
    place: Path
    recipe: dict[str, Any]

    @abstractmethod
    def training(self) -> list[str]:
        """The command."""

    @abstractmethod
    def checkpoints(self, start: float) -> list[Checkpoint]:
        """In order."""

    @abstractmethod
    def dev_bleu(self, checkpoint: Checkpoint) -> float:
        """BLEU on the dev set, greedy."""

    def written(self, name: str, recipe: dict[str, Any]) -> str:
        """The path of a recipe that was written."""
        path = self.place / name
        path.write_text(write_yaml(recipe), encoding="utf-8")
        return str(path)


class Mtlite(Toolkit):
    """This one. It validates by itself, greedily."""

    @property
    def run(self) -> Run:
        return Run.open(self.place / "run")

    @property
    def validations(self) -> list[Validated]:
        return [line for line in read_training_log(self.run.path / LOG) if isinstance(line, Validated)]

    def training(self) -> list[str]:
        """The command."""
        recipe = self.written("recipe.yaml", self.recipe)
        return [str(self.python), "-m", "mtlite", "train", recipe, "--run", str(self.place / "run")]

    def checkpoints(self, start: float) -> list[Checkpoint]:
        """In order; what came before the first update is counted as well."""
        before = minutes(self.run.path / RESOLVED, start)
        return [Checkpoint(self.run.path, line.update, before + line.seconds / 60) for line in self.validations]

    def dev_bleu(self, checkpoint: Checkpoint) -> float:
        """As it was logged."""
        return next(line.dev_bleu for line in self.validations if line.update == checkpoint.update)


class JoeyNMT(Toolkit):
    """github.com/joeynmt/joeynmt. It validates whenever it saves, greedily, and keeps those hypotheses."""

    def training(self) -> list[str]:
        """The command."""
        self.recipe["model_dir"] = str(self.place / "model")
        path = self.written("recipe.yaml", self.recipe)
        return [str(self.python), "-m", "joeynmt", "train", path, "--skip-test"]

    def checkpoints(self, start: float) -> list[Checkpoint]:
        """In order."""
        found = [path for path in (self.place / "model").glob("*.hyps") if path.stem.isdigit()]
        made = [Checkpoint(path.with_suffix(".ckpt"), int(path.stem), minutes(path, start)) for path in found]
        return sorted(made, key=lambda each: each.update)

    def dev_bleu(self, checkpoint: Checkpoint) -> float:
        """BLEU on the dev set, greedy."""
        return bleu(list(read_lines(checkpoint.path.with_suffix(".hyps"))), references(self.folder, "dev"), "de")


class Eole(Toolkit):
    """github.com/eole-nlp/eole, on pieces. It saves only; what it has saved is validated afterwards."""

    @property
    def program(self) -> str:
        return str(self.python.with_name("eole"))

    def training(self) -> list[str]:
        """The command."""
        self.recipe["training"]["model_path"] = str(self.place / "model")
        return [self.program, "train", "--config", self.written("recipe.yaml", self.recipe)]

    def checkpoints(self, start: float) -> list[Checkpoint]:
        """In order."""
        found = list((self.place / "model").glob("step_*"))
        made = [Checkpoint(path, int(path.name.rpartition("_")[2]), minutes(path, start)) for path in found]
        return sorted(made, key=lambda each: each.update)

    def dev_bleu(self, checkpoint: Checkpoint) -> float:
        """BLEU on the dev set, greedy."""
        output = self.place / "dev.hypotheses"
        self.call(
            *(self.program, "predict", "--model_path", str(checkpoint.path), "--output", str(output)),
            *("--src", str(self.folder / "dev.pieces.en"), "--beam_size", "1"),
            *("--max_length", "100", "--batch_size", "64", "--world_size", "0"),
        )
        hypotheses = [pieces_of(self.folder).decode(line.split(" ")) for line in read_lines(output)]
        return bleu(hypotheses, references(self.folder, "dev"), "de")

    def call(self, *arguments: str) -> None:
        """Run a command to its end.

        Raises:
            RunError: if it fails.
        """
        log = self.place / "translation.log"
        with open(log, "ab") as output:
            done = subprocess.run(arguments, stdout=output, stderr=output, check=False)
        if done.returncode:
            raise RunError(f"{' '.join(arguments[:4])} … ended with code {done.returncode}: see {log}")


TOOLKITS: dict[str, Any] = {"mtlite": Mtlite, "joeynmt": JoeyNMT, "eole": Eole}


def minutes(path: Path, start: float) -> float:
    """When a file or folder was written."""
    return (path.stat().st_mtime - start) / 60


def translate(options: argparse.Namespace) -> None:
    """Sentences a second and BLEU on the test set, in turns."""
    folder, place = options.folder, options.folder / "eole-transformer"
    best = folder / json.loads((place / "curve.json").read_text())["best"]
    model = folder / "ctranslate2"
    toolkit = Eole(options.python, folder, place, {})
    converter = ("-m", "ctranslate2.converters.eole_ct2", "--model_path", str(best), "--output_dir", str(model))
    toolkit.call(str(options.python), *converter, "--force")
    theirs = [line.split(" ") for line in read_lines(folder / "test.pieces.en")]
    precisions = dict.fromkeys((choose_precision("auto"), "float32"))
    found = []
    for beam in (1, 5):
        from toolkits.ctranslate import CTranslate2

        started: dict[str, tuple[Contender, list[Any], Any]] = {}
        for name in (name for name in RECIPES if name.startswith("mtlite")):
            trained = str(folder / name / "run")
            (run,), tokenizers = open_runs([trained])
            sources = tokenizers.source.encode(run.read_side("test.source"))
            for precision in precisions:
                ours = Contender(precision, OurTranslation, trained, beam, precision, 0)
                started[f"{NAMES[name]}, {precision}"] = ours, sources, tokenizers.target.decode
        for compute_type in COMPUTE_TYPES:
            converted = Contender(compute_type, CTranslate2, str(model), beam, compute_type)
            started[f"CTranslate2, {compute_type}"] = converted, theirs, pieces_of(folder).decode
        rates: dict[str, list[float]] = {name: [] for name in started}
        for turn in range(options.rounds + 1):
            for name, (contender, sources, decode) in started.items():
                seconds, hypotheses = contender.ask("translate_all", sources)
                if turn:
                    rates[name].append(len(sources) / seconds)
                if turn == options.rounds:
                    score = bleu(decode(hypotheses), references(folder, "test"), "de")
                    found.append({"name": name, "beam": beam, "rate": median(rates[name]), "bleu": score})
                    print(f"{name}, beam {beam}: {found[-1]['rate']:,.0f} sentences/s, BLEU {score:.2f}", flush=True)
        for contender, *_ in started.values():
            contender.close()
    (folder / TRANSLATION).write_text(json.dumps(found, indent=1) + "\n")


def record(options: argparse.Namespace) -> None:
    """Everything that was found in one file; the tables and the picture are made of it."""
    folder: Path = options.folder
    curves = {name: folder / name / "curve.json" for name in RECIPES}
    found = {
        "curves": {name: json.loads(path.read_text()) for name, path in curves.items() if path.exists()},
        "translation": json.loads((folder / TRANSLATION).read_text()),
    }
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(RECORD)


if __name__ == "__main__":
    raise SystemExit(main())
