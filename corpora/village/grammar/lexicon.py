"""The lexicon: the YAML files of ``lexicon/`` as typed entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "lexicon"
GENDERS = {"der": "masculine", "die": "feminine", "das": "neuter"}
PARTICLES = {"up", "on", "off", "away", "along"}


@cache
def table(name: str) -> Any:
    """Return the content of one YAML file of the lexicon."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Noun:
    """A noun with its principal parts in both languages; an empty plural marks a mass noun."""

    english: str
    english_plural: str
    gender: str
    nominative: str
    genitive: str
    plural: str
    kind: str
    head: str

    def matches(self, selected: frozenset[str]) -> bool:
        """Tell whether a set of classes and words admits this noun."""
        return not selected.isdisjoint((self.kind, self.english, self.head))


@dataclass(frozen=True)
class Adjective:
    """An adjective; ``degrees`` holds both comparatives and superlatives, or nothing."""

    english: str
    german: str
    stem: str
    of: frozenset[str]
    article: str
    degrees: tuple[str, ...]


@dataclass(frozen=True)
class Verb:
    """A verb with its principal parts in both languages and what it selects."""

    english: str
    english_past: str
    english_participle: str
    infinitive: str
    present: str
    prefix: str
    past: str
    auxiliary: str
    participle: str
    frame: dict[str, Any] = field(hash=False, compare=False)
    roles: dict[str, frozenset[str]] = field(hash=False, compare=False)

    @property
    def key(self) -> str:
        """Return the name of the lexeme, "to" told apart from a noun spelt alike."""
        return f"to {self.english}"

    @property
    def has_particle(self) -> bool:
        """Tell whether an English particle would have to follow a pronoun object."""
        return self.english.split()[-1] in PARTICLES

    def selects(self, role: str) -> frozenset[str]:
        """Return the classes and words that the verb admits in a role."""
        return self.roles.get(role, frozenset())


@cache
def expand(*selected: str) -> frozenset[str]:
    """Replace the names of groups by the classes in them."""
    groups = table("nouns")["groups"]
    return frozenset(kind for name in selected for kind in groups.get(name, [name]))


def _regular_plural(english: str) -> str:
    if english.endswith("y") and english[-2] not in "aeou":
        return english[:-1] + "ies"
    return english + ("es" if english.endswith(("s", "x", "ch", "sh")) else "s")


def _noun(english: str, german: str, kind: str) -> Noun:
    forms = [form.split()[-1] for form in german.split(", ")]
    head = english.split()[-1]
    plural = table("nouns")["english_plurals"].get(head) or _regular_plural(head)
    return Noun(
        english=english,
        english_plural=" ".join([*english.split()[:-1], plural]),
        gender=GENDERS[german.split()[0]],
        nominative=forms[0],
        genitive=forms[1],
        plural=forms[2] if len(forms) > 2 else "",
        kind=kind,
        head=head,
    )


@cache
def nouns() -> dict[str, Noun]:
    """Return all nouns, compounds included, by their English singular."""
    entries = {
        english: _noun(english, german, kind)
        for kind, words in table("nouns")["nouns"].items()
        for english, german in words.items()
    }
    for head, modifiers in table("nouns")["compounds"].items():
        base = entries[head]
        for modifier, german in modifiers.items():
            entries[f"{modifier} {head}"] = Noun(
                english=f"{modifier} {head}",
                english_plural=f"{modifier} {base.english_plural}",
                gender=base.gender,
                nominative=german + base.nominative.lower(),
                genitive=german + base.genitive.lower(),
                plural=base.plural and german + base.plural.lower(),
                kind=base.kind,
                head=head,
            )
    return entries


@cache
def adjectives() -> list[Adjective]:
    """Return all adjectives."""
    return [
        Adjective(
            english=english,
            german=entry["de"],
            stem=entry.get("stem", entry["de"].removesuffix("e")),
            of=expand(*entry["of"]),
            article=entry.get("article", ""),
            degrees=tuple(entry.get("degrees", "").split(", ")) if "degrees" in entry else (),
        )
        for english, entry in table("adjectives")["adjectives"].items()
    ]


def _regular_past(verb: str) -> str:
    first, *particles = verb.split()
    if first.endswith("e"):
        past = first + "d"
    elif first.endswith("y") and first[-2] not in "aeou":
        past = first[:-1] + "ied"
    else:
        past = first + "ed"
    return " ".join([past, *particles])


def _verb(entry: dict[str, Any]) -> Verb:
    english = entry["en"].split(", ")
    if len(english) == 1:
        english += [_regular_past(english[0])] * 2
    infinitive, third_person, past, participle = entry["de"].split(", ")
    present, *prefix = third_person.split()
    return Verb(
        english=english[0],
        english_past=english[1],
        english_participle=english[2],
        infinitive=infinitive.removeprefix("".join(prefix)),
        present=present,
        prefix="".join(prefix),
        past=past.split()[0],
        auxiliary={"hat": "haben", "ist": "sein"}[participle.split()[0]],
        participle=participle.split()[1],
        frame=entry,
        roles={role: expand(*entry[role]) for role in ("subject", "object") if role in entry},
    )


@cache
def verbs(*sections: str) -> list[Verb]:
    """Return the verbs of some sections of ``verbs.yaml``."""
    return [_verb(entry) for section in sections for entry in table("verbs")[section]]


@cache
def verbs_of(noun: Noun) -> list[Verb]:
    """Return the verbs of ordinary clauses whose subject a noun can be."""
    ordinary = verbs("transitive", "intransitive")
    return [verb for verb in ordinary if noun.matches(verb.selects("subject"))]


@cache
def personal_verbs() -> list[Verb]:
    """Return the verbs of ordinary clauses whose subject any person can be."""
    ordinary = verbs("transitive", "intransitive")
    return [verb for verb in ordinary if "occupation" in verb.selects("subject")]


@cache
def adjectives_of(noun: Noun, compared: bool = False) -> list[Adjective]:
    """Return the adjectives that may describe a noun, perhaps only those with degrees."""
    return [a for a in adjectives() if noun.matches(a.of) and (a.degrees or not compared)]


@cache
def nouns_of(selected: frozenset[str]) -> list[Noun]:
    """Return the nouns that a set of classes and words admits, in lexicon order."""
    return [noun for noun in nouns().values() if noun.matches(selected)]
