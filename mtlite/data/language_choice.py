"""The languages of a text: as given, by the ending of a file, or by the script; and what the user should know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import datasets
import numpy as np

from mtlite.config.options import DataConfig
from mtlite.data.cache import pairs_of
from mtlite.data.layout import Layout
from mtlite.data.scripts import unspaced_script
from mtlite.errors import UsageError
from mtlite.evaluation.metrics import tokenizer_name
from mtlite.languages import (
    UNSPACED,
    is_known,
    is_language_code,
    language_of,
    language_of_column,
    meant_language,
    often_confused,
    script_of_language,
)

SIDES = ("source", "target")
_SAMPLE = 1000  # training pairs that tell the script


def languages_of(config: DataConfig) -> tuple[list[str | None], list[str]]:
    """Find the languages of source and target, as given or by the ending of a training file, and notes on them.

    Raise UsageError if what is given is no code of a language, but it is clear which one is meant.
    """
    languages: list[str | None] = []
    notes = []
    for side in SIDES:
        language = getattr(config, f"{side}_language")
        path = next((path for path in (getattr(part, side) for part in config.train) if language_of(path)), None)
        if language is None and path:
            language = language_of(path)
            notes.append(f"The {side} language is {language}, by the ending of {path}.")
        elif language is not None:
            notes += check_language(language, f"data.{side}_language", f"data.{side}_column")
        else:
            notes += _meant_by_endings([getattr(part, side) for part in config.train], side)
        languages.append(language)
    return languages, notes


def languages_by_header(
    languages: Sequence[str | None], layouts: Sequence[Layout | None], config: DataConfig
) -> tuple[list[str | None], list[str]]:
    """The languages, and for those not known what the columns of the training files are called, and notes."""
    found, notes = list(languages), []
    for number, side in enumerate(SIDES):
        named = [layout.languages[number] for layout in layouts if layout and layout.languages[number]]
        asked = language_of_column(str(getattr(config, f"{side}_column") or ""))
        if found[number] is None and (named or asked):
            found[number] = (named or [asked])[0]
            notes.append(f"The {side} language is {found[number]}, by the name of its column.")
    return found, notes


def check_language(language: str, option: str, column_option: str | None = None) -> list[str]:
    """Say what the user should know of a code; raise UsageError if it is none, but it is clear which one is meant."""
    if meant := meant_language(language):
        remedy = f" A column of that name is {column_option} {language}." if column_option else ""
        raise UsageError(f"{option}: {language} is no code of a language: did you mean {meant}?{remedy}")
    if confused := often_confused(language):
        return [f"{option}: {confused}."]
    if is_known(language):
        return []
    form = "is not known as" if is_language_code(language) else "is not of the form of"
    return [
        f"{option} {language} {form} a language code, such as de, deu or pt-BR: "
        "nothing is known of such a language, and its words are found as those of English are."
    ]


def language_by_script(
    texts: Iterable[str], language: str | None, side: str, option: str
) -> tuple[str | None, list[str]]:
    """Look whether the words of a text can be found; a script without spaces is the language where none is known.

    Args:
        side: what the text is called in notes.
        option: what gives the language.
    """
    script = unspaced_script(texts)
    if script is None or script_of_language(language) in UNSPACED:
        return language, []
    written = f"The {side} is written in a script without spaces between words ({script})"
    if language is not None:
        problem = f"but {option} {language} lets metrics count what stands between spaces as words"
        return language, [f"{written}, {problem}: give the code of its language, or {language}-{script}."]
    language = f"und-{script}"
    chosen = f"and its language is not known: metrics find words with {tokenizer_name(language)}"
    return language, [f"{written}, {chosen}; {option} may change that."]


def languages_by_script(train: datasets.Dataset, languages: Sequence[str | None]) -> tuple[list[str | None], list[str]]:
    """The languages of source and target as `language_by_script` finds them in the training pairs, and notes."""
    found, notes = [], []
    for side, texts, language in zip(SIDES, _sample(train), languages, strict=True):
        language, more = language_by_script(texts, language, side, f"data.{side}_language")
        found.append(language)
        notes += more
    return found, notes


def warn_of_words(train: datasets.Dataset) -> list[str]:
    """Say for which sides of the training pairs a tokenizer of whole words is a bad choice."""
    scripts = {side: unspaced_script(texts) for side, texts in zip(SIDES, _sample(train), strict=True)}
    return [
        f"Warning: tokenizer.kind word takes what is between spaces for words, and the {side} is written in a script "
        f"without spaces between words ({script}): unless they were put in, give tokenizer.kind unigram, bpe or char."
        for side, script in scripts.items()
        if script
    ]


def _sample(train: datasets.Dataset) -> Sequence[Sequence[str]]:
    """The sources and the targets of some training pairs."""
    rows = np.linspace(0, len(train) - 1, min(len(train), _SAMPLE)).astype(int)
    return list(zip(*pairs_of(train.select(rows)), strict=True)) or [(), ()]


def _meant_by_endings(paths: list[str | None], side: str) -> list[str]:
    """Say which language the ending of a file may mean that is no code of one, such as .jp."""
    for path in filter(None, paths):
        ending = path.removesuffix(".gz").rpartition(".")[2]
        if len(ending) == 2 and (meant := meant_language(ending)):
            return [f"{path}: .{ending} is no code of a language; did you mean data.{side}_language {meant}?"]
    return []
