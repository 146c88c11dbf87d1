"""A run directory: where it may be, what may be in it, what its facts may say, and who may write into it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from samples import ROOT

from mtlite import limits
from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import Config
from mtlite.config.read import plain
from mtlite.config.resolve import choose_budget, choose_sizes, resolved
from mtlite.errors import DamagedError, RunError, UsageError
from mtlite.storage import run_directory
from mtlite.storage.run_directory import Facts, Run

FACTS = Facts(
    source_language="en",
    target_language=None,
    source_vocabulary=60,
    target_vocabulary=60,
    joint=True,
    source_tokenizer="a",
    target_tokenizer="a",
    lengths=LengthRules(LengthRule(1.0, 2.0), LengthRule(1.5, -2.0), fixed=7, expansion=2),
    training_pairs=100,
    training_fingerprint="b",
    sides={},
    tests=["test"],
    resolved="c",
    packages={"numpy": "2"},
    machine={"system": "Linux"},
    seconds={"preparation": 0.5},
)
VALUES = plain(FACTS)
LONG_RULES = [None, {"slope": 1e9, "intercept": 0}, {"slope": 5, "intercept": 0}, {"slope": 1, "intercept": 2000}]


def some_config():
    tokenizer, model = choose_sizes(Config(), 100)
    return resolved(Config(), tokenizer, model, choose_budget(Config().training, 100, 1000))


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path / "run")
    run.path.mkdir()
    run.write_facts(FACTS)
    return run


@pytest.fixture
def count(monkeypatch):
    """How often files of each name are read."""
    read, real = [], limits.read_file

    def read_file(path, most_bytes):
        read.append(path.name)
        return real(path, most_bytes)

    monkeypatch.setattr(run_directory, "read_file", read_file)
    return read.count


class TestPlace:
    def test_the_first_free_number(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for number in (2, 4):
            (tmp_path / "runs" / f"recipe-{number}").mkdir(parents=True)
        assert [str(Run.new("recipe").path) for _ in range(3)] == [f"runs/recipe-{number}" for number in (1, 3, 5)]
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        Path("runs").touch()
        with pytest.raises(RunError, match=r"cannot write into runs .*--run"):
            Run.new("recipe")

    def test_starts_at_the_same_moment_have_folders_of_their_own(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda _: Run.new("recipe").path, range(8)))
        assert len({*runs}) == 8

    def test_a_folder_that_is_in_use_is_not_called_full(self, tmp_path):
        with Run(tmp_path / "a").locked():
            (tmp_path / "a" / "config.yaml").touch()
            with pytest.raises(RunError, match=rf"a is in use by process {os.getpid()} on "):
                Run(tmp_path / "a").refuse_existing()
            with pytest.raises(UsageError, match="is not empty"):
                Run(tmp_path / "a").refuse_existing(ours=True)

    def test_a_new_or_empty_folder_is_accepted(self, tmp_path):
        Run(tmp_path / "new").refuse_existing()
        Run(tmp_path).refuse_existing()
        (tmp_path / ".lock").touch()  # of a process that was killed before it made anything
        Run(tmp_path).refuse_existing()

    def test_anything_else_is_refused(self, tmp_path, run):
        with pytest.raises(UsageError, match="already holds a run: add --resume"):
            run.refuse_existing()
        (tmp_path / "file").touch()
        with pytest.raises(UsageError, match="is a file"):
            Run(tmp_path / "file").refuse_existing()
        with pytest.raises(UsageError, match="is not empty"):
            Run(tmp_path).refuse_existing()

    def test_only_a_run_or_its_beginning_can_be_resumed(self, tmp_path, run):
        run.write_json("whatever.json", {})
        run.refuse_foreign()
        Run(tmp_path / "new").refuse_foreign()
        beginning = tmp_path / "beginning"
        (beginning / "data").mkdir(parents=True)
        for name in (".lock", "config.yaml", "source.model.0123456789abcdef.part"):
            (beginning / name).touch()
        Run(beginning).refuse_foreign()
        (beginning / "thesis.tex").touch()
        with pytest.raises(UsageError, match="is not a run directory"):
            Run(beginning).refuse_foreign()


class TestOpen:
    def test_what_is_no_run(self, tmp_path, run):
        with pytest.raises(RunError, match="not found"):
            Run.open(tmp_path / "missing")
        with pytest.raises(RunError, match=r"no run\.json in it"):
            Run.open(tmp_path)
        assert Run.open(run.path).facts == FACTS

    def test_the_facts_and_the_configuration_are_read_once(self, run, count, monkeypatch):
        config = some_config()
        run.write_config("resolved.yaml", config)
        opened, read = Run.open(run.path), []

        def read_recipe(path):
            read.append(path)
            return plain(config)

        monkeypatch.setattr("mtlite.storage.run_directory.read_recipe", read_recipe)
        for _ in range(3):
            assert (opened.facts, opened.config) == (FACTS, config)
        assert (count("run.json"), read) == (1, [run.path / "resolved.yaml"])

    def test_what_is_written_is_known_without_reading(self, run, count):
        facts = dataclasses.replace(FACTS, threads=3, other_threads=[1], parameters=7, unreachable=0.25)
        run.write_facts(facts)
        assert run.facts is facts
        assert count("run.json") == 0
        assert Run.open(run.path).facts == facts

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"3", b"\xff", b"[" * 100_000, b"{}"])
    def test_a_damaged_run_json(self, run, content):
        (run.path / "run.json").write_bytes(content)
        with pytest.raises(RunError, match=r"run\.json is damaged"):
            Run.open(run.path)

    @pytest.mark.parametrize("name", [name for name, value in VALUES.items() if value not in (None, 2)])
    def test_a_fact_of_another_type(self, run, name):
        run.write_json("run.json", {**VALUES, name: True if name != "joint" else None})
        with pytest.raises(RunError, match=rf"run\.json is damaged: {name}(\.slope)?: expected"):
            Run.open(run.path)

    @pytest.mark.parametrize("number", [0, 1, 3])
    def test_another_format(self, run, number):
        run.write_json("run.json", {"format": number, "whatever": "it held"})
        message = rf"^\S+ was made by another version of mtlite \(format {number}, expected 2\): .*train again$"
        with pytest.raises(RunError, match=message):
            Run.open(run.path)

    @pytest.mark.parametrize("place", ["best.safetensors", "data", "data/test.source", "source.model"])
    def test_a_link_outward_is_refused(self, run, tmp_path, place):
        (tmp_path / "secret").mkdir()
        link = run.path / place
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tmp_path / "secret")
        with pytest.raises(RunError, match="is a link out of the run directory"):
            Run.open(run.path)

    def test_links_inside_and_to_the_run_are_accepted(self, run, tmp_path):
        (run.path / "latest").symlink_to("run.json")
        (tmp_path / "link").symlink_to(run.path)
        assert Run.open(tmp_path / "link").facts == FACTS

    def test_a_damaged_configuration(self, run):
        with pytest.raises(RunError, match=r"resolved\.yaml is missing: .* copy the file back, or train anew"):
            assert run.config
        with pytest.raises(RunError, match=r"cannot read .*resolved\.yaml .*: copy the file back, or train anew"):
            run.checksum("resolved.yaml")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("modle: {units: 3}", "unknown option 'modle': expected model"),
            ("", "tokenizer: expected a section, received nothing"),
            ("&a [*a]", "is not plain YAML"),
            ("[1]", "expected sections"),
        ],
    )
    def test_a_configuration_that_no_training_has_written(self, run, content, message):
        (run.path / "resolved.yaml").write_text(content)
        with pytest.raises(RunError, match=rf"the run directory is damaged: .*resolved\.yaml.*{message}"):
            assert run.config

    @pytest.mark.parametrize(("section", "name"), [("model", "units"), ("training", "max_updates")])
    def test_a_configuration_with_something_open(self, run, section, name):
        values = some_config().to_dict()
        values[section][name] = None
        (run.path / "resolved.yaml").write_text(yaml.safe_dump(values))
        with pytest.raises(RunError, match=f"{section}.{name}: expected .*, received null"):
            assert run.config

    @pytest.mark.parametrize("name", ["run.json", "last.safetensors", "result.json", "data/test.source", "pipe"])
    def test_a_pipe_is_refused(self, run, name):
        path = run.path / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        with pytest.raises(RunError, match=r"is not a file|not a run directory"):
            Run.open(run.path)

    @pytest.mark.parametrize("name", ["run.json", "training-log.jsonl", "hypotheses.txt", "last.safetensors", "x"])
    def test_an_enormous_file_is_refused(self, run, name):
        with open(run.path / name, "ab") as file:
            file.truncate(1 << 35)  # sparse: it takes no space
        with pytest.raises(RunError, match="bytes: expected at most"):
            Run.open(run.path)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *[("source_vocabulary", value) for value in (-1, 0, True, 10**9)],
            *[("target_language", value) for value in (5, ["de"], "d" * 200)],
            *[("tests", value) for value in ([], [5], ["../x"], ["\ud800"], [""])],
            *[("sides", {"test.source": 5}), ("seconds", 5), ("threads", "2"), ("other_threads", [None])],
            *[("lengths", {**VALUES["lengths"], "fixed": value}) for value in (0, 2**21, 10**4, None)],
            *[("lengths", {**VALUES["lengths"], "expansion": value}) for value in (0, 1000)],
            *[("lengths", {**VALUES["lengths"], "search": value}) for value in LONG_RULES],
            *[("seconds", {"training": float(value)}) for value in ("nan", "inf")],
            ("unknown", 3),
        ],
    )
    def test_facts_that_no_training_has_written(self, run, name, value):
        run.path.joinpath("run.json").write_text(json.dumps({**VALUES, name: value}))
        with pytest.raises(RunError, match=f"run.json is damaged: .*{name}"):
            Run.open(run.path)


class TestSides:
    def test_lines_come_back_as_they_were(self, run):
        lines = ["", " a ", "b\r", "c\u2028d\x85e", "\ufefff", "😀", "g\0h"]
        run.write_facts(dataclasses.replace(FACTS, sides={"test.source": run.write_side("test.source", lines)}))
        assert run.read_side("test.source") == lines

    def test_an_altered_side_is_refused(self, run):
        sides = {"test.source": run.write_side("test.source", ["a", "b"])}
        run.write_facts(dataclasses.replace(FACTS, sides=sides))
        (run.path / "data" / "test.source").write_text("a\nc\n")
        with pytest.raises(RunError, match="was altered"):
            run.read_side("test.source")
        (run.path / "data" / "test.source").unlink()
        with pytest.raises(RunError, match="cannot read"):
            run.read_side("test.source")

    def test_lines_that_are_no_text(self, run):
        run.write_lines("hypotheses.txt", ["a", "", "b"])
        assert run.read_lines("hypotheses.txt") == ["a", "", "b"]
        (run.path / "hypotheses.txt").write_bytes(b"\xff\n")
        with pytest.raises(DamagedError, match=r"hypotheses\.txt is damaged"):
            run.read_lines("hypotheses.txt")


class TestJson:
    @dataclass
    class Scores:
        bleu: float

    def test_it_is_read_as_a_type(self, run):
        assert not run.finished
        with pytest.raises(RunError, match=r"has no result\.json: the run is not finished: go on with .*--resume"):
            run.read_json("result.json", self.Scores)
        run.write_json("result.json", {"bleu": 2})
        assert run.finished
        assert run.read_json("result.json", self.Scores) == self.Scores(2.0)

    @pytest.mark.parametrize("content", [b"", b"[]", b'{"bleu": "2"}', b'{"bleu": NaN}', b'{"blue": 2}', b"[" * 10**5])
    def test_anything_else_is_damaged(self, run, content):
        (run.path / "result.json").write_bytes(content)
        with pytest.raises(DamagedError, match=r"result\.json is damaged"):
            run.read_json("result.json", self.Scores)


HOLD = """
import sys, time
from pathlib import Path
from mtlite.storage.run_directory import Run
with Run(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    time.sleep(600)
"""


class TestLock:
    def test_a_link_in_its_place_is_not_followed(self, run, tmp_path):
        precious = tmp_path / "precious"
        precious.write_text("mine")
        (run.path / ".lock").symlink_to(precious)
        with pytest.raises(RunError, match="is not a file: remove it"), run.locked():
            pass
        assert precious.read_text() == "mine"

    def test_a_pipe_in_its_place_is_not_waited_for(self, run):
        os.mkfifo(run.path / ".lock")
        with pytest.raises(RunError, match="is not a file"), run.locked():
            pass

    def test_a_second_process_is_refused_until_the_first_is_killed(self, run):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", HOLD, str(run.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as holder:
            try:
                assert holder.stdout
                assert holder.stdout.readline() == "locked\n"
                with pytest.raises(RunError, match=rf"in use by process {holder.pid} on \S+: wait"), run.locked():
                    pass
            finally:
                holder.send_signal(signal.SIGKILL)
                holder.wait()
        with run.locked():
            pass

    def test_nothing_is_left_of_a_run_that_never_began(self, tmp_path):
        with pytest.raises(ZeroDivisionError), Run(tmp_path / "runs" / "a").locked():
            1 / 0  # noqa: B018 - it raises
        assert os.listdir(tmp_path / "runs") == []

    def test_what_a_killed_process_left_aside_is_removed(self, run):
        for folder in (run.path, run.path / "data"):
            folder.mkdir(exist_ok=True)
            (folder / "a.0123456789abcdef.part").touch()
        with run.locked():
            assert [path for path in run.path.rglob("*.part")] == []

    def test_a_run_of_another_machine(self, run):
        holder = run.path / ".lock.holder"
        holder.write_text('{"machine": "another-machine", "process": 12}')
        assert run.in_use
        with pytest.raises(RunError, match=rf"in use by process 12 on another-machine .*remove {holder}"), run.locked():
            pass
        holder.unlink()
        with run.locked():
            pass

    def test_an_unfinished_run_says_who_trains_it(self, run, tmp_path):
        with run.locked(), pytest.raises(RunError, match=rf"is in training, by process {os.getpid()} on .*wait"):
            run.read_json("result.json", dict)
        beginning = Run(tmp_path / "beginning")
        with beginning.locked(), pytest.raises(RunError, match=rf"beginning is in training, by process {os.getpid()}"):
            Run.open(beginning.path)

    def test_a_file_that_is_renamed_meanwhile_is_no_damage(self, run, monkeypatch):
        gone, real = run.path / "newest.safetensors.0123456789abcdef.part", Path.iterdir
        monkeypatch.setattr(Path, "iterdir", lambda folder: [*real(folder), gone])
        run.refuse_strange_entries()

    def test_what_was_made_stays(self, tmp_path):
        with Run(tmp_path / "a").locked():
            (tmp_path / "a" / "config.yaml").touch()
        assert sorted(os.listdir(tmp_path / "a")) == [".lock", "config.yaml"]

    def test_a_place_that_cannot_be_written_to(self, tmp_path, monkeypatch):
        (tmp_path / "file").touch()
        for path in (tmp_path / "file", tmp_path / "file" / "run"):
            with pytest.raises(RunError, match="cannot write into"), Run(path).locked():
                pass

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("pathlib.Path.mkdir", refuse)
        with pytest.raises(RunError, match=r"Permission denied.*give another --run"), Run(tmp_path / "new").locked():
            pass


def test_a_topology_of_somebody_is_no_damage(tiny_run, tmp_path):
    shutil.copytree(tiny_run, tmp_path / "run")
    path = tmp_path / "run" / "resolved.yaml"
    path.write_text(path.read_text().replace("topology: attention", "topology: theirs:Theirs"))
    with pytest.raises(RunError, match=r"^topology theirs:Theirs is code outside mtlite.*--topology theirs:Theirs"):
        _ = Run.open(tmp_path / "run").config
