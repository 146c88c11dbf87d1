"""The trees that both languages spell out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grammar.lexicon import Adjective, Noun, Verb, table


@dataclass(frozen=True)
class NounPhrase:
    """A noun with what surrounds it. ``degree`` is positive or superlative."""

    noun: Noun
    determiner: str = "the"
    number: str = "singular"
    adjective: Adjective | None = None
    degree: str = "positive"
    count: int = 0
    possessor: Argument | None = None
    relative: Clause | None = None


@dataclass(frozen=True)
class Pronoun:
    """A personal pronoun, named by its row in the table of pronouns."""

    key: str


@dataclass(frozen=True)
class Name:
    """A given name."""

    text: str
    gender: str


@dataclass(frozen=True)
class Coordination:
    """Two phrases joined by "and"."""

    first: Argument
    second: Argument


@dataclass(frozen=True)
class Gap:
    """The relative pronoun: the place of the antecedent inside its relative clause."""

    noun: Noun
    number: str


@dataclass(frozen=True)
class QuestionWord:
    """ "who" or "what" in the place of an argument."""

    key: str


Argument = NounPhrase | Pronoun | Name | Coordination | Gap | QuestionWord


@dataclass(frozen=True)
class Adverbial:
    """An adverbial, already spelt in both languages.

    ``kind`` is time, frequency, pleasure, manner, companion, place, direction or question.
    """

    kind: str
    english: str
    german: str


@dataclass(frozen=True)
class Predicate:
    """What a copula says of its subject, already spelt in both languages."""

    english: str
    german: str


@dataclass(frozen=True)
class Clause:
    """A clause without word order; each language finds its own.

    ``front`` names the constituent before the finite verb: subject, object or the kind of an
    adverbial. ``negation`` is empty, "nicht" or "kein" (borne by the object's determiner).
    """

    subject: Argument
    verb: Verb | None = None
    tense: str = "present"
    modal: str = ""
    negation: str = ""
    object: Argument | None = None
    recipient: Argument | None = None
    predicate: Predicate | None = None
    adverbials: tuple[Adverbial, ...] = ()
    front: str = "subject"


def agreement(argument: Argument) -> tuple[int, str]:
    """Return the person and number that an argument asks of the finite verb."""
    if isinstance(argument, Pronoun):
        entry: dict[str, Any] = table("inflection")["pronouns"][argument.key]
        return entry["person"], entry["number"]
    if isinstance(argument, Coordination):
        return 3, "plural"
    if isinstance(argument, NounPhrase | Gap):
        return 3, argument.number
    return 3, "singular"
