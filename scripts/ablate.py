"""`mtlite ablate` from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.cli import main

raise SystemExit(main(["ablate", *sys.argv[1:]]))
