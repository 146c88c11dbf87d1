"""A run on the Hugging Face Hub, `hf://USER/NAME` or `hf://USER/NAME@REVISION`, becomes a run directory here.

The Hub's own client fetches the files and keeps them in its cache, so that each is fetched once. A run directory holds
no links, and that cache is made of them: the files are laid into a folder of their own, without using the disk twice
where the file system allows. What anybody put there beside the files of a run is never fetched.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mtlite.config.places import HUB, is_on_hub
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.notices import notice
from mtlite.storage.run_files import FACTS, most_bytes_of

_ADDRESS = re.compile(rf"{HUB}/?([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w./-]*))?", re.ASCII)
_COMMIT = re.compile("[0-9a-f]{40}")
_FILES = re.compile(
    r"run\.json|(config|resolved)\.yaml|result\.json|training-log\.jsonl|(source|target)\.model|best\.safetensors"
    r"|README\.md|hypotheses(\.\w[\w.-]*)?\.txt|data/\w[\w.-]*"
)
"""All that is needed of a run but for going on with its training."""


class Address(NamedTuple):
    """Where a run lies on the Hub."""

    repository: str  # USER/NAME
    revision: str | None  # a branch, a tag or a commit; None: the newest

    def __str__(self) -> str:
        return f"hf://{self.repository}" + (f"@{self.revision}" if self.revision else "")


def address_of(text: str) -> Address:
    """Read an address; UsageError if it is none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or ".." in text:
        raise UsageError(f"{text}: expected hf://USER/NAME, or hf://USER/NAME@REVISION")
    return Address(found[1], found[2])


def local_folder(path: str | Path) -> Path:
    """The folder of a run; one on the Hub is fetched unless it was before. Raise MtliteError if it cannot be."""
    return fetch(address_of(str(path))) if is_on_hub(str(path)) else Path(path)


def fetch(address: Address) -> Path:
    """The folder with the files of a run on the Hub, at the commit that its revision means now.

    A commit that was fetched needs no network; a branch is looked up, and what it meant last is used without network.
    """
    revision = address.revision or "main"
    if _COMMIT.fullmatch(revision) and (laid := _laid(address, revision)).exists():
        return laid
    with _said_plainly(address):
        names = _files_of_run(address)
        if names is None:
            return _earlier(address, revision)
        snapshot = _download(address, names)
    folder = _laid(address, snapshot.name)
    if not folder.exists():
        _lay(snapshot, folder)
    return folder


def _laid(address: Address, commit: str) -> Path:
    """Where the files of a commit lie."""
    from huggingface_hub import constants

    user, name = address.repository.split("/")
    return Path(constants.HF_HUB_CACHE).parent / "mtlite-runs" / user / commit / name


def _files_of_run(address: Address) -> list[str] | None:
    """The files to fetch; None if the Hub cannot be reached.

    Raise RunError if there is no run, or one with a file larger than any run has.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        info = HfApi().model_info(address.repository, revision=address.revision, files_metadata=True)
    except HfHubHTTPError:
        raise
    except Exception as error:  # noqa: BLE001 - of one HTTP library or another, by the version of the client
        notice(f"the Hub cannot be reached ({type(error).__name__}): looking for an earlier copy of {address}")
        return None
    sizes = {each.rfilename: each.size or 0 for each in info.siblings or () if _FILES.fullmatch(each.rfilename)}
    if FACTS not in sizes:
        raise RunError(f"{address} is no run of mtlite (no {FACTS} in it): expected a run directory that was uploaded")
    for name, size in sizes.items():
        if size > (most := most_bytes_of(name)):
            raise RunError(f"{address}: {name} has {size:,} bytes: expected at most {most:,}")
    if info.sha and not _laid(address, info.sha).exists():
        notice(f"fetching {address}: {sum(sizes.values()) / 1e6:.1f} MB")
    return sorted(sizes)


def _earlier(address: Address, revision: str) -> Path:
    """The folder that a branch or a tag meant when it was last looked up; RunError if there is none."""
    from huggingface_hub import constants

    user, name = address.repository.split("/")
    reference = Path(constants.HF_HUB_CACHE) / f"models--{user}--{name}" / "refs" / revision
    commit = reference.read_text().strip() if reference.is_file() else ""
    if not _COMMIT.fullmatch(commit) or not _laid(address, commit).exists():
        raise RunError(f"{address}: the Hub cannot be reached, and no whole copy is here: try again with a network")
    return _laid(address, commit)


def _download(address: Address, names: list[str]) -> Path:
    """The snapshot in the cache of the Hub's client."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    return Path(snapshot_download(address.repository, revision=address.revision, allow_patterns=names))


def _lay(snapshot: Path, folder: Path) -> None:
    """Put the files of a run into a folder, whole or not at all: linked hard, or copied where that cannot be."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for path in sorted(snapshot.rglob("*")):
            name = path.relative_to(snapshot).as_posix()
            if _FILES.fullmatch(name) and path.is_file():
                (aside / name).parent.mkdir(exist_ok=True)
                origin = os.path.realpath(path)
                try:
                    os.link(origin, aside / name)
                except OSError:
                    shutil.copyfile(origin, aside / name)
        with contextlib.suppress(OSError):  # somebody else was faster
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _said_plainly(address: Address) -> Iterator[None]:
    """Turn every error of the Hub's client into one line."""
    from huggingface_hub import errors

    try:
        yield
    except MtliteError:
        raise
    except errors.RevisionNotFoundError:
        raise RunError(f"{address}: the Hub has no revision {address.revision} of it: give another, or none") from None
    except errors.RepositoryNotFoundError:
        reason = "no such model is on the Hub, or it is private or gated: look at the name, or log in (hf auth login)"
        raise RunError(f"{address}: {reason}") from None
    except Exception as error:  # noqa: BLE001 - the client raises those of the libraries under it, too
        problem = " ".join(str(error).split())[:200]
        raise RunError(f"cannot fetch {address} ({type(error).__name__}: {problem}): try again") from None
