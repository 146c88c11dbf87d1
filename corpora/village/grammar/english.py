"""English: the forms of words and the order of the clause."""

from __future__ import annotations

from grammar.lexicon import Verb, expand, table
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

BE_PRESENT = {(1, "singular"): "am", (3, "singular"): "is"}
AFTER_VERB = ["manner", "companion", "place", "direction", "time"]


def noun_phrase(phrase: NounPhrase, genitive: bool = False) -> str:
    """Spell a noun phrase with its relative clause."""
    noun = phrase.noun
    word = noun.english if phrase.number == "singular" else noun.english_plural
    if genitive:
        word += "'" if word.endswith("s") else "'s"
    adjective = ""
    if phrase.adjective:
        superlative = phrase.degree == "superlative"
        adjective = phrase.adjective.degrees[1] if superlative else phrase.adjective.english
    words = [number(phrase.count)[0] if phrase.count else "", adjective, word]
    following = next(filter(None, words))
    possessed = phrase.possessor is not None and _is_human(phrase.possessor)
    if possessed and phrase.possessor:
        words.insert(0, argument(phrase.possessor, genitive=True))
    else:
        words.insert(0, _determiner(phrase, following))
        if phrase.possessor:
            words += ["of", argument(phrase.possessor)]
    if phrase.relative:
        words.append(clause(phrase.relative))
    return " ".join(filter(None, words))


def _is_human(possessor: Argument) -> bool:
    human = expand("human")
    return not isinstance(possessor, NounPhrase) or possessor.noun.kind in human


def _determiner(phrase: NounPhrase, following: str) -> str:
    if phrase.determiner == "bare":
        return ""
    entry = table("inflection")["determiners"][phrase.determiner]
    forms = entry.get("en", phrase.determiner).split("/")
    form: str = forms[-1] if phrase.number == "plural" else forms[0]
    if form != "a":
        return form
    if phrase.adjective and phrase.adjective.article:
        return phrase.adjective.article
    return "an" if following[0] in "aeiou" else "a"


def argument(phrase: Argument, role: str = "subject", genitive: bool = False) -> str:
    """Spell an argument in its role."""
    if isinstance(phrase, NounPhrase):
        return noun_phrase(phrase, genitive)
    if isinstance(phrase, Pronoun):
        forms = table("inflection")["pronouns"][phrase.key]["en"].split()
        return str(forms[0] if role == "subject" else forms[1])
    if isinstance(phrase, Name):
        return phrase.text + ("'s" if genitive else "")
    if isinstance(phrase, Coordination):
        return f"{argument(phrase.first, role)} and {argument(phrase.second, role)}"
    if isinstance(phrase, Gap):
        if phrase.noun.kind not in expand("human"):
            return "that"
        return "who" if role == "subject" else "whom"
    return phrase.key


def third_person(verb: str) -> str:
    """Return the third person singular of a verb with its particles."""
    first, *particles = verb.split()
    if first == "have":
        first = "has"
    elif first.endswith("y") and first[-2] not in "aeou":
        first = first[:-1] + "ies"
    else:
        first += "es" if first.endswith(("s", "x", "z", "ch", "sh", "o")) else "s"
    return " ".join([first, *particles])


def _be(person: int, grammatical_number: str, past: bool) -> str:
    if past:
        return "was" if grammatical_number == "singular" and person != 2 else "were"
    return BE_PRESENT.get((person, grammatical_number), "are")


def verb_group(tree: Clause, support: bool) -> tuple[str, str]:
    """Return the auxiliary and the rest of the verb; ``support`` asks for an auxiliary."""
    person, grammatical_number = agreement(tree.subject)
    third = person == 3 and grammatical_number == "singular"
    past = tree.tense == "past"
    base = tree.verb.english if tree.verb else "be"

    def inflect(verb: str, past_form: str, rest: str) -> tuple[str, str]:
        if support:
            return ("did" if past else "does" if third else "do"), f"{verb} {rest}".strip()
        form = past_form if past else third_person(verb) if third else verb
        return "", f"{form} {rest}".strip()

    if tree.modal:
        entry = table("inflection")["modals"][tree.modal]
        rest = f"{entry['rest']} {base}".strip()
        if entry.get("do"):
            return inflect(tree.modal, entry.get("past", ""), rest)
        if tree.modal == "be":
            return _be(person, grammatical_number, past), rest
        return (entry["past"] if past else tree.modal), rest
    if tree.tense == "future":
        return "will", base
    if tree.tense == "perfect":
        return "has" if third else "have", tree.verb.english_participle if tree.verb else "been"
    if tree.verb is None:
        return _be(person, grammatical_number, past), ""
    return inflect(tree.verb.english, tree.verb.english_past, "")


def _front(tree: Clause) -> str:
    if tree.front == "object" and tree.object:
        return argument(tree.object, "object")
    return " ".join(a.english for a in tree.adverbials if a.kind == tree.front)


def _after_verb(tree: Clause) -> list[str]:
    words = [argument(tree.recipient, "object") if tree.recipient else ""]
    if tree.object and tree.front != "object":
        words.append(argument(tree.object, "object"))
    words.append(tree.predicate.english if tree.predicate else "")
    for kind in AFTER_VERB:
        if kind != tree.front:
            words += [a.english for a in tree.adverbials if a.kind == kind]
    return words


def clause(tree: Clause, question: bool = False) -> str:
    """Spell a statement, or a question with the auxiliary before the subject."""
    inverted = question and tree.front != "subject-question"
    support = inverted or bool(tree.negation)
    auxiliary, verb = verb_group(tree, support)
    front, subject = _front(tree), argument(tree.subject)
    start = [front, auxiliary, subject] if inverted else [front, subject, auxiliary]
    middle = [a.english for a in tree.adverbials if a.kind in ("frequency", "pleasure")]
    words = [*start, "not" if tree.negation else "", *middle, verb, *_after_verb(tree)]
    return " ".join(filter(None, words)).replace("can not", "cannot")


def infinitive(tree: Clause) -> str:
    """Spell a clause without its subject as an infinitive with "to"."""
    verb: Verb | None = tree.verb
    return " ".join(filter(None, ["to", verb.english if verb else "be", *_after_verb(tree)]))
