"""Every module can be imported where the modules of Unix alone are missing, as on Windows."""

from __future__ import annotations

import subprocess
import sys

from samples import ROOT

IMPORT_ALL = """
import builtins, importlib, pkgutil
import mtlite

original = builtins.__import__

def as_on_windows(name, globals=None, *rest, **named):
    importer = str((globals or {}).get("__name__"))
    if name in ("fcntl", "resource", "termios", "pwd") and importer.split(".")[0] == "mtlite":
        raise ModuleNotFoundError(f"{importer} imports {name}, which Windows does not have")
    return original(name, globals, *rest, **named)

builtins.__import__ = as_on_windows
for module in pkgutil.walk_packages(mtlite.__path__, "mtlite."):
    if module.name != "mtlite.__main__":
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            print(error)
"""


def test_no_module_needs_unix():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, set(done.stdout.splitlines())) == (0, set()), done.stderr
