"""Check that a source is translated the same however it was typed: other spaces, invisible characters, accents apart.

    python scripts/disturbed_sources.py runs/village-1

Each disturbance changes every sentence of a test set in the same way. The table says how many hypotheses differ from
those of the undisturbed sentences, and the BLEU of each.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

MOST_LOST = 1.0  # BLEU


def spaces(replacement: str) -> Callable[[str], str]:
    """Write something else for every space."""
    return lambda text: text.replace(" ", replacement)


def inside(mark: str) -> Callable[[str], str]:
    """Write a mark behind every third character."""
    return lambda text: "".join(f"{text[at : at + 3]}{mark}" for at in range(0, len(text), 3))


DISTURBANCES: dict[str, Callable[[str], str]] = {
    "no-break spaces": spaces("\u00a0"),
    "narrow no-break spaces": spaces("\u202f"),
    "thin spaces": spaces("\u2009"),
    "ideographic spaces": spaces("\u3000"),
    "zero-width spaces": spaces("\u200b"),
    "double spaces": spaces("  "),
    "tabs": spaces("\t"),
    "a no-break space after each space": spaces(" \u00a0"),
    "spaces around": lambda text: f" \u00a0{text}\t ",
    "a byte order mark": lambda text: f"\ufeff{text}",
    "byte order marks in words": inside("\ufeff"),
    "soft hyphens": inside("\u00ad"),
    "joiners": inside("\u200d"),
    "non-joiners": inside("\u200c"),
    "word joiners": inside("\u2060"),
    "marks of direction": inside("\u200e"),
    "variation selectors": inside("\ufe0f"),
    "control characters": inside("\x01"),
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text),
    "full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
}


def main() -> int:
    """Print the table; the exit code is 1 if a disturbance costs more than it may."""
    from sacrebleu.metrics import BLEU

    from mtlite.storage.run_directory import Run
    from mtlite.translation.translator import Translator

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a finished run directory")
    parser.add_argument("--test", default="test", help="name of the test set (default: test)")
    parser.add_argument("--beam", type=int, default=5, help="beam size (default: 5)")
    options = parser.parse_args()
    run = Run(Path(options.run))
    translator = Translator.load(run, {"beam_size": options.beam})
    sources, references = (run.read_side(f"{options.test}.{side}") for side in ("source", "target"))
    undisturbed = translator(sources)
    score = BLEU().corpus_score(undisturbed, [references]).score
    print(f"undisturbed: BLEU {score:.2f}")
    lost = 0.0
    for name, disturb in DISTURBANCES.items():
        hypotheses = translator([disturb(source) for source in sources])
        differ = sum(one != other for one, other in zip(hypotheses, undisturbed, strict=True))
        disturbed = BLEU().corpus_score(hypotheses, [references]).score
        lost = max(lost, score - disturbed)
        print(f"{name}: BLEU {disturbed:.2f}, {differ} of {len(sources)} hypotheses differ", flush=True)
    return int(lost > MOST_LOST)


if __name__ == "__main__":
    sys.exit(main())
