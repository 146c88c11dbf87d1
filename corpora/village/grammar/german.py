"""German: the forms of words and the order of the clause."""

from __future__ import annotations

from grammar.lexicon import Noun, Verb, table
from grammar.numerals import number
from grammar.phrases import (
    Argument,
    Clause,
    Coordination,
    Gap,
    Name,
    NounPhrase,
    Pronoun,
    agreement,
)

CASES = ["nominative", "accusative", "dative"]
# The order of the middle field after subject and pronouns: definite objects precede "nicht",
# indefinite ones follow the place.
MIDDLE_FIELD = [
    "time",
    "frequency",
    "definite dative",
    "definite accusative",
    "nicht",
    "pleasure",
    "manner",
    "companion",
    "place",
    "indefinite dative",
    "indefinite accusative",
    "prepositional object",
    "direction",
    "predicate",
]
DEFINITE = {"the", "this/these", "my", "your", "his", "her", "our", "their", "every"}


def _cell(name: str, case: str, gender: str, degree: str = "") -> str:
    rows = table("inflection")[name]
    row = (rows[degree] if degree else rows)[case].split()
    cell: str = row[table("inflection")["genders"].index(gender)]
    return "" if cell == "-" else cell


def noun(entry: Noun, case: str, grammatical_number: str) -> str:
    """Decline a noun."""
    if grammatical_number == "plural":
        takes_n = case == "dative" and not entry.plural.endswith(("n", "s"))
        return entry.plural + ("n" if takes_n else "")
    weak = entry.gender == "masculine" and not entry.genitive.endswith("s")
    if case == "genitive" or (weak and case != "nominative"):
        return entry.genitive
    return entry.nominative


def noun_phrase(phrase: NounPhrase, case: str, relative: bool = True) -> str:
    """Decline a noun phrase; ``relative`` says whether its relative clause follows at once."""
    gender = "plural" if phrase.number == "plural" else phrase.noun.gender
    determiner, kind = _determiner(phrase, case, gender)
    words = [determiner, number(phrase.count)[1] if phrase.count else ""]
    if phrase.adjective:
        superlative = phrase.degree == "superlative"
        stem = phrase.adjective.degrees[3] if superlative else phrase.adjective.stem
        words.append(stem + _cell("adjective endings", case, gender, kind))
    words.append(noun(phrase.noun, case, phrase.number))
    if phrase.possessor and not isinstance(phrase.possessor, Name):
        words.append(argument(phrase.possessor, "genitive"))
    if phrase.relative and relative:
        words.append(relative_clause(phrase.relative))
    return " ".join(filter(None, words))


def _determiner(phrase: NounPhrase, case: str, gender: str) -> tuple[str, str]:
    if isinstance(phrase.possessor, Name):
        return f"{phrase.possessor.text}s", "strong"
    entry = table("inflection")["determiners"][phrase.determiner]
    if entry["de"] == "article":
        return _cell("definite article", case, gender), entry["adjective"]
    if not entry["de"]:
        return "", entry["adjective"]
    return entry["de"] + _cell(f"{entry['endings']} endings", case, gender), entry["adjective"]


def relative_clause(tree: Clause) -> str:
    """Spell a relative clause between its commas."""
    return f", {clause(tree, 'final')} ,"


def argument(phrase: Argument, case: str, relative: bool = True) -> str:
    """Spell an argument in a case."""
    if isinstance(phrase, NounPhrase):
        return noun_phrase(phrase, case, relative)
    if isinstance(phrase, Pronoun):
        forms = table("inflection")["pronouns"][phrase.key]["de"].split()
        return str(forms[CASES.index(case)])
    if isinstance(phrase, Name):
        return phrase.text
    if isinstance(phrase, Coordination):
        return f"{argument(phrase.first, case)} und {argument(phrase.second, case)}"
    if isinstance(phrase, Gap):
        gender = "plural" if phrase.number == "plural" else phrase.noun.gender
        return _cell("relative pronoun", case, gender)
    forms = {"who": "wer wen wem", "what": "was was"}[phrase.key].split()
    return forms[CASES.index(case)]


def prepositional(preposition: str, phrase: Argument, case: str) -> str:
    """Join preposition and phrase without its relative clause, contracting a bare article."""
    words = argument(phrase, case, relative=False).split()
    contracted = table("inflection")["contractions"].get(f"{preposition} {words[0]}")
    plain = isinstance(phrase, NounPhrase) and phrase.determiner == "the" and not phrase.relative
    if contracted and plain:
        return " ".join([contracted, *words[1:]])
    return " ".join([preposition, *words])


def present(verb: Verb, person: int, grammatical_number: str) -> str:
    """Conjugate a verb in the present, without its separable prefix."""
    if grammatical_number == "plural":
        return verb.infinitive
    if person == 1:
        stem = verb.infinitive.removesuffix("n").removesuffix("e")
        return str(verb.frame.get("ich", f"{stem}e"))
    if person == 2:
        stem = verb.present.removesuffix("t")
        ending = "t" if stem.endswith(("s", "ß", "z", "x")) else "st"
        return str(verb.frame.get("du", stem + ending))
    return verb.present


def past(third_person: str, grammatical_number: str) -> str:
    """Conjugate a past form; the second person singular does not occur."""
    if grammatical_number == "singular":
        return third_person
    return third_person + ("n" if third_person.endswith("e") else "en")


def _auxiliary(entry: dict[str, str], tense: str, person: int, grammatical_number: str) -> str:
    if tense == "past":
        return past(entry["past"], grammatical_number)
    return entry["present"].split()[3 if grammatical_number == "plural" else person - 1]


def verb_group(tree: Clause) -> tuple[str, str, str]:
    """Return the finite verb, a prefix split off it, and the non-finite verb at the end."""
    person, grammatical_number = agreement(tree.subject)
    verb = tree.verb
    auxiliaries = table("inflection")["auxiliaries"]
    infinitive_form = verb.prefix + verb.infinitive if verb else "sein"
    if tree.modal:
        entry = table("inflection")["modals"][tree.modal]["de"]
        finite = _auxiliary(entry, tree.tense, person, grammatical_number)
        return finite, "", infinitive_form
    if tree.tense == "future":
        finite = _auxiliary(auxiliaries["werden"], "present", person, grammatical_number)
        return finite, "", infinitive_form
    if tree.tense == "perfect":
        entry = auxiliaries[verb.auxiliary if verb else "sein"]
        participle = verb.participle if verb else "gewesen"
        return _auxiliary(entry, "present", person, grammatical_number), "", participle
    if verb is None:
        return _auxiliary(auxiliaries["sein"], tree.tense, person, grammatical_number), "", ""
    if tree.tense == "past":
        return past(verb.past, grammatical_number), verb.prefix, ""
    return present(verb, person, grammatical_number), verb.prefix, ""


def _object_position(phrase: Argument, case: str) -> str:
    if isinstance(phrase, Pronoun):
        return "pronoun"
    if isinstance(phrase, NounPhrase):
        definite = phrase.determiner in DEFINITE or phrase.possessor
        return f"{'definite' if definite else 'indefinite'} {case}"
    return f"definite {case}"


def _constituents(tree: Clause) -> dict[str, list[str]]:
    """Return the constituents by their name in the middle field."""
    fields: dict[str, list[str]] = {"nicht": ["nicht"] if tree.negation == "nicht" else []}
    for adverbial in tree.adverbials:
        fields.setdefault(adverbial.kind, []).append(adverbial.german)
    if tree.recipient:
        position = _object_position(tree.recipient, "dative")
        fields.setdefault(position, []).append(argument(tree.recipient, "dative"))
    if tree.object:
        position, german = object_phrase(tree)
        fields.setdefault(position, []).append(german)
    if tree.predicate:
        fields["predicate"] = [tree.predicate.german]
    fields["subject"] = [argument(tree.subject, "nominative")]
    return fields


def object_phrase(tree: Clause) -> tuple[str, str]:
    """Return the position and the spelling of the object, its relative clause left out."""
    assert tree.verb
    assert tree.object
    frame = tree.verb.frame
    if "preposition" in frame:
        preposition, case = frame["preposition"].split()
        return "prepositional object", prepositional(preposition, tree.object, case)
    case = frame.get("case", "accusative")
    return _object_position(tree.object, case), argument(tree.object, case, relative=False)


def _split_front(tree: Clause) -> tuple[str, str]:
    """Return the constituent before the finite verb, and the middle field."""
    fields = _constituents(tree)
    role = "subject" if tree.front == "subject-question" else tree.front
    position = object_phrase(tree)[0] if role == "object" else role
    front = " ".join(fields.pop(position, []))
    # A pronoun precedes any subject but another pronoun.
    first = ["subject", "pronoun"] if isinstance(tree.subject, Pronoun) else ["pronoun", "subject"]
    middle = [word for name in [*first, *MIDDLE_FIELD] for word in fields.get(name, [])]
    return front, " ".join(middle)


def _after_field(tree: Clause) -> str:
    """Return the relative clause of the object, which follows the whole clause."""
    if isinstance(tree.object, NounPhrase) and tree.object.relative:
        return relative_clause(tree.object.relative)
    return ""


def clause(tree: Clause, order: str = "second", after: str = "") -> str:
    """Spell a clause with its finite verb second, first or final."""
    finite, prefix, nonfinite = verb_group(tree)
    front, middle = _split_front(tree)
    if order == "final":
        words = [front, middle, nonfinite, prefix + finite]
    elif order == "first":
        words = [finite, front, middle, nonfinite, prefix]
    else:
        words = [front, finite, middle, nonfinite, prefix]
    return " ".join(filter(None, [*words, _after_field(tree), after]))


def infinitive(tree: Clause) -> str:
    """Spell a clause without its subject as an infinitive with "zu"."""
    assert tree.verb
    _, middle = _split_front(tree)
    verb = tree.verb
    words = [f"{verb.prefix}zu{verb.infinitive}"] if verb.prefix else ["zu", verb.infinitive]
    return " ".join(filter(None, [middle, *words, _after_field(tree)]))
