"""`storage/hub.py`: runs on the Hub, fetched by the Hub's own client from a stand-in that speaks its HTTP interface.

The Hub itself is never contacted. The client reads its settings when it is imported, so each fetch is a process of its
own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from samples import ROOT

from mtlite.config.places import is_on_hub
from mtlite.errors import UsageError
from mtlite.storage.hub import address_of, local_folder

COMMITS = "a" * 40, "b" * 40
FETCH = "import sys; from mtlite.storage.hub import local_folder; print(local_folder(sys.argv[1]))"


class Hub(ThreadingHTTPServer):
    """Serves files of `someone/tiny`: by commit, name and content. The newest commit is `main`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.commits: dict[str, dict[str, bytes]] = {}
        self.sizes: dict[str, int] = {}  # that are said instead of the right ones
        self.asked: list[str] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def fetched(self) -> list[str]:
        """Files that were sent."""
        return [path.split("/", 5)[5] for path in self.asked if "/resolve/" in path]

    def commit_of(self, revision: str) -> str | None:
        newest = list(self.commits)[-1]
        return {"main": newest, "v1": COMMITS[0]}.get(revision, revision if revision in self.commits else None)


class Answers(BaseHTTPRequestHandler):
    """What the client asks for: facts of a model, its tree, and its files."""

    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.command == "GET":
            self.server.asked.append(path)
        if self.server.broken:
            return self.answer(500, b"{}")
        head, _, rest = path.removeprefix("/api/models").partition("/someone/tiny")
        if head or not path.startswith(("/api/models/someone/tiny", "/someone/tiny/resolve/")):
            return self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        kind, _, rest = rest.strip("/").partition("/")
        revision, _, name = rest.partition("/")
        commit = self.server.commit_of(revision or "main")
        if commit is None:
            return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        files = self.server.commits[commit]
        if kind == "resolve":
            if name not in files:
                return self.answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            etag = hashlib.sha256(files[name]).hexdigest()
            return self.answer(200, files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": commit})
        sizes = {each: self.server.sizes.get(each, len(content)) for each, content in files.items()}
        if kind == "tree":
            tree = [{"type": "file", "path": each, "size": size, "oid": "c" * 40} for each, size in sizes.items()]
            return self.answer(200, json.dumps(tree).encode())
        siblings = [{"rfilename": each, "size": size, "blobId": "c" * 40} for each, size in sizes.items()]
        return self.answer(200, json.dumps({"id": "someone/tiny", "sha": commit, "siblings": siblings}).encode())

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


def files_of(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.fixture
def hub(tiny_run):
    """A stand-in with one commit: a run, and what does not belong to one."""
    with Hub() as made:
        made.commits[COMMITS[0]] = {**files_of(tiny_run), "evil.py": b"x", "data/sub/file": b"x", ".gitattributes": b""}
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def python(hub, tmp_path):
    """`python(code, *arguments)`: a process whose Hub is the stand-in, and whose cache is its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        hidden = {name: "" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")}
        variables = {**os.environ, **hidden, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
        variables |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )

    return run


@pytest.fixture
def fetched(python):
    """`fetched("hf://…")`: the folder; with `code=1`, the one line that says why there is none."""

    def fetch(address: str, code: int = 0, **environment: str) -> str:
        wrapped = (
            "import sys\nfrom mtlite.errors import MtliteError\ntry:\n    "
            f"{FETCH.replace('; ', chr(10) + '    ')}\nexcept MtliteError as error:\n    sys.exit(str(error))"
        )
        done = python("-c", wrapped, address, **environment)
        assert done.returncode == code, done.stderr
        said: str = done.stdout if code == 0 else done.stderr
        return said.strip().splitlines()[-1]

    return fetch


def test_a_run_is_fetched_whole_and_nothing_else(fetched, hub, tiny_run):
    folder = Path(fetched("hf://someone/tiny"))
    assert (folder.parent.name, folder.name) == (COMMITS[0], "tiny")
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    left_out = {"last.safetensors", "previous.safetensors", ".lock", ".lock.holder"}
    expected = {name: content for name, content in files_of(tiny_run).items() if name not in left_out}
    assert files_of(folder) == expected
    assert sorted(hub.fetched) == sorted(expected)


def test_each_file_is_fetched_once_and_a_commit_needs_no_network(fetched, hub):
    folder = fetched("hf://someone/tiny")
    sent = list(hub.fetched)
    assert fetched("hf://someone/tiny@v1") == folder
    assert hub.fetched == sent
    hub.asked.clear()
    assert fetched(f"hf://someone/tiny@{COMMITS[0]}") == folder
    assert hub.asked == []


def test_a_revision_stays_what_it_is_when_something_newer_comes(fetched, hub):
    old = Path(fetched("hf://someone/tiny"))
    hub.commits[COMMITS[1]] = {**hub.commits[COMMITS[0]], "README.md": b"newer"}
    assert (Path(fetched("hf://someone/tiny")) / "README.md").read_bytes() == b"newer"
    assert Path(fetched("hf://someone/tiny@v1")) == old
    assert (old / "README.md").read_bytes() != b"newer"


def test_without_network_the_last_copy_is_taken(fetched, hub):
    folder = fetched("hf://someone/tiny")
    assert fetched("hf://someone/tiny", HF_HUB_OFFLINE="1") == folder
    assert fetched("hf://someone/tiny", HF_ENDPOINT="http://127.0.0.1:9") == folder
    for environment in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        assert "no whole copy" in fetched("hf://someone/other", code=1, **environment)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://nobody/nothing", ["hf://nobody/nothing", "no such model", "private"]),
        ("hf://someone/tiny@v9", ["hf://someone/tiny@v9", "revision v9"]),
        ("hf://someone", ["expected hf://USER/NAME"]),
        ("hf://someone/tiny/best.safetensors", ["expected hf://USER/NAME"]),
    ],
)
def test_what_is_not_there_is_said_in_one_line(address, words, fetched):
    said = fetched(address, code=1)
    assert all(word in said for word in words), said


def test_a_repository_without_a_run_and_a_hub_that_fails_are_named(fetched, hub):
    del hub.commits[COMMITS[0]]["run.json"]
    assert "run.json" in fetched("hf://someone/tiny", code=1)
    assert hub.fetched == []
    hub.broken = True
    assert "cannot fetch hf://someone/tiny" in fetched("hf://someone/tiny", code=1)


def test_an_enormous_file_is_refused_before_anything_is_fetched(fetched, hub):
    hub.sizes["best.safetensors"] = 10**12
    said = fetched("hf://someone/tiny", code=1)
    assert "best.safetensors" in said
    assert "1,000,000,000,000" in said
    assert hub.fetched == []


def test_a_damaged_run_is_refused_as_any_strangers(python, hub):
    hub.commits[COMMITS[0]]["source.model"] = b"other"
    done = python("-m", "mtlite", "translate", "hf://someone/tiny", "--input", str(ROOT / "README.md"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "source" in done.stderr.splitlines()[-1]


def test_commands_take_an_address_for_a_run(python, tiny_run, tmp_path):
    (tmp_path / "input.txt").write_text("one two\nthree\n")
    given = ["--input", str(tmp_path / "input.txt"), "--threads", "1"]
    there = python("-m", "mtlite", "translate", "hf://someone/tiny", *given)
    assert there.returncode == 0, there.stderr
    assert there.stdout == python("-m", "mtlite", "translate", str(tiny_run), *given).stdout
    assert "fetching hf://someone/tiny" in there.stderr


@pytest.mark.parametrize("text", ["hf://user/name", "hf:/user/name", "hf://user/name@v1.0", "hf://u/n@refs/pr/1"])
def test_addresses_are_read_as_they_are_typed_or_as_paths(text):
    assert is_on_hub(text)
    assert address_of(text) == address_of(str(Path(text)))
    assert address_of(text).repository.count("/") == 1


@pytest.mark.parametrize("text", ["hf://", "hf://../x", "hf://a/b/c", "hf://a/..", "hf://a/b@", "hf://a/b@../c"])
def test_an_address_leads_nowhere_else(text):
    with pytest.raises(UsageError, match="USER/NAME"):
        address_of(text)


def test_any_other_path_is_a_folder():
    assert local_folder("runs/mine") == Path("runs/mine")
