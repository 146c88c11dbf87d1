"""`python -m mtlite` is `mtlite`."""

from mtlite.cli import main

raise SystemExit(main())
