"""The constructions of the corpus: one function each, which builds a sentence pair."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from grammar import english, german, numerals, sampling
from grammar.chooser import Chooser
from grammar.lexicon import (
    Verb,
    adjectives,
    expand,
    nouns,
    personal_verbs,
    table,
    verbs,
)
from grammar.phrases import (
    Adverbial,
    Argument,
    Clause,
    NounPhrase,
    Predicate,
    Pronoun,
    QuestionWord,
)

YOUNG = {"boy", "girl", "child", "pupil", "son", "daughter"}
COORDINATORS = list(table("inflection")["coordinators"].items())


@dataclass(frozen=True)
class SentencePair:
    """An English sentence and its German translation, as words or as written."""

    english: str
    german: str
    mark: str = "."

    def written(self) -> SentencePair:
        """Return the pair with commas, capital and final mark settled."""
        return SentencePair(_written(self.english, self.mark), _written(self.german, self.mark), "")


def _written(words: str, mark: str) -> str:
    """Commas that meet become one, and none stands at the end."""
    words = re.sub(r"[\s,]*,[\s,]*", ", ", " ".join(words.split())).strip(", ")
    return words[0].upper() + words[1:] + mark


def statement(choose: Chooser) -> SentencePair:
    """The farmer buys a goat. / Der Bauer kauft eine Ziege."""
    tree = sampling.clause(choose)
    if choose.chance(0.16):
        tree = sampling.negated(choose, tree)
    tree = sampling.timed(choose, tree, probability=0.3 if tree.negation else 0.5)
    return SentencePair(english.clause(tree), german.clause(tree))


def _asked_clause(choose: Chooser, verb_options: list[Verb] | None = None) -> Clause:
    """Choose a clause to ask about; German asks about the past in the perfect."""
    tense = choose.weighted({key: sampling.TENSES[key] for key in sampling.TENSES if key != "past"})
    return sampling.clause(choose, tense, plain=True, verb_options=verb_options)


def yes_no_question(choose: Chooser) -> SentencePair:
    """Does the farmer buy a goat? / Kauft der Bauer eine Ziege?"""
    tree = _asked_clause(choose)
    tree = sampling.timed(choose, tree, front=0.0, probability=0.35)
    tree = replace(tree, front="subject")
    return SentencePair(english.clause(tree, question=True), german.clause(tree, "first"), "?")


def subject_question(choose: Chooser) -> SentencePair:
    """Who helps the baker? / Wer hilft dem Bäcker?"""
    options = personal_verbs()
    who = QuestionWord("who")
    tree = sampling.clause(choose, subject_phrase=who, plain=True, verb_options=options)
    tree = replace(sampling.timed(choose, tree, front=0.0), front="subject-question")
    return SentencePair(english.clause(tree, question=True), german.clause(tree), "?")


def object_question(choose: Chooser) -> SentencePair:
    """Which goat does the farmer buy? / Welche Ziege kauft der Bauer?"""
    options = [verb for verb in verbs("transitive") if "direction" not in verb.frame and "indefinite" not in verb.frame]
    tree = _asked_clause(choose, options)
    assert tree.verb
    tree = replace(tree, object=_asked(choose, tree.verb))
    tree = replace(sampling.timed(choose, tree, front=0.0, probability=0.5), front="object")
    return SentencePair(english.clause(tree, question=True), german.clause(tree), "?")


def _asked(choose: Chooser, verb: Verb) -> Argument:
    selected = verb.selects("object")
    if "occupation" in selected and choose.chance(0.6):
        return QuestionWord("who")
    if selected.isdisjoint(expand("human", "animal")) and choose.chance(0.4):
        return QuestionWord("what")
    noun = sampling.noun(choose, selected)
    choose.relations.add((verb.key, noun.english))
    if not noun.plural or choose.chance(0.5):
        return sampling.described(choose, NounPhrase(noun, "which"), 0.2)
    return sampling.described(choose, NounPhrase(noun, "how many", "plural"), 0.2)


def adverbial_question(choose: Chooser) -> SentencePair:
    """When does the farmer get up? / Wann steht der Bauer auf?"""
    tree = asked_adverbial(choose, _asked_clause(choose))
    return SentencePair(english.clause(tree, question=True), german.clause(tree), "?")


def wh_question(choose: Chooser) -> SentencePair:
    """Ask for the subject, the object or an adverbial."""
    kinds = {subject_question: 2.5, object_question: 4.0, adverbial_question: 3.5}
    return choose.weighted(kinds)(choose)


def asked_adverbial(choose: Chooser, tree: Clause) -> Clause:
    """Ask for the time, the place, the goal or the reason of a clause."""
    assert tree.verb
    options = [("why", "warum")] + ([] if "stative" in tree.verb.frame else [("when", "wann")])
    if "place" in tree.verb.frame or "located" in tree.verb.frame:
        options += [("where", "wo")] * 2
    if {"goal", "road"} & set(tree.verb.frame.get("direction", [])):
        options = [("where", "wohin")]
    word = choose.pick(options)
    dropped = {"where": ("place", "direction")}.get(word[0], ())
    kept = tuple(a for a in tree.adverbials if a.kind not in dropped)
    return replace(tree, adverbials=(*kept, Adverbial("question", *word)), front="question")


def predicative(choose: Chooser, subject: Argument | None = None, tense: str = "") -> Clause:
    """Choose a copula clause with an adjective: the soup is hot."""
    tense = tense or choose.weighted({"present": 6.0, "past": 3.0})
    if subject is None:
        adjective = choose.lexeme(adjectives(), lambda a: a.english)
        noun = sampling.noun(choose, adjective.of)
        weights = {"the": 5.0, "plural": 3.0, "possessive": 3.0, "this/these": 2.0}
        subject = sampling.with_determiner(choose, noun, weights)
        if isinstance(subject, NounPhrase) and subject.determiner == "bare":
            subject = replace(subject, determiner="the")
    else:
        moods = ["tired", "hungry", "thirsty", "happy", "sad", "angry", "ill", "proud", "curious"]
        options = [a for a in adjectives() if a.english in moods]
        if isinstance(subject, Pronoun) and subject.key.startswith("it"):
            options = [a for a in options if a.english in ("tired", "hungry", "thirsty")]
        adjective = choose.lexeme(options, lambda a: a.english)
    return sampling.with_tense(choose, Clause(subject, predicate=Predicate(adjective.english, adjective.german)), tense)


def adjective_predicate(choose: Chooser) -> SentencePair:
    """The soup is hot. / Die Suppe ist heiß."""
    tree = predicative(choose)
    if choose.chance(0.15):
        choose.mark("negation with nicht")
        tree = replace(tree, negation="nicht")
    elif choose.chance(0.2):
        choose.mark("yes/no question")
        words = english.clause(tree, question=True), german.clause(tree, "first")
        return SentencePair(*words, "?")
    elif choose.chance(0.2) and tree.tense == "present":
        frequency = Adverbial("frequency", *choose.pick([("always", "immer"), ("often", "oft")]))
        tree = replace(tree, adverbials=(frequency,))
    return SentencePair(english.clause(tree), german.clause(tree))


def comparison(choose: Chooser) -> SentencePair:
    """The horse is faster than the donkey. / Das Pferd ist schneller als der Esel."""
    options = [a for a in adjectives() if a.degrees]
    adjective = choose.lexeme(options, lambda a: a.english)
    first = sampling.noun(choose, adjective.of)
    alike = [noun for noun in nouns().values() if noun.kind == first.kind and noun != first]
    alike = [noun for noun in alike if noun.matches(adjective.of)] or [first]
    second = choose.lexeme(alike, lambda noun: noun.english)
    weights = {"the": 5.0, "plural": 2.0, "possessive": 3.0, "this/these": 2.0}
    phrases = [
        replace(phrase, determiner="the") if phrase.determiner == "bare" else phrase
        for phrase in (sampling.with_determiner(choose, noun, weights) for noun in (first, second))
    ]
    if first == second:
        owner = choose.pick(["my", "your", "our"])
        phrases = [NounPhrase(first, "this/these"), NounPhrase(first, owner)]
    subject, standard = phrases
    than = english.argument(standard, "object"), german.argument(standard, "nominative")
    if choose.chance(0.3):
        predicate = Predicate(f"as {adjective.english} as {than[0]}", f"so {adjective.german} wie {than[1]}")
    else:
        predicate = Predicate(f"{adjective.degrees[0]} than {than[0]}", f"{adjective.degrees[2]} als {than[1]}")
    tree = Clause(subject, predicate=predicate, tense=choose.pick(["present", "present", "past"]))
    if tree.tense == "past":
        choose.mark("past tense")
    if choose.chance(0.15):
        choose.mark("negation with nicht")
        tree = replace(tree, negation="nicht")
    return SentencePair(english.clause(tree), german.clause(tree))


def subordinate(choose: Chooser, main: Clause, conjunction: str, tense: str) -> tuple[str, str]:
    """Choose a subordinate clause; its subject often takes up that of the main clause."""
    choose.mark(f"clause with {conjunction}")
    german_conjunction = table("inflection")["subordinators"][conjunction]
    pronoun = sampling.pronoun_for(main.subject)
    animal_twice = isinstance(pronoun, Pronoun) and pronoun.key.startswith("it") and main.object
    copula_tense = "past" if tense == "past" else "present"
    if choose.chance(0.12) and conjunction in ("because", "although", "if", "while"):
        tree = weather(choose, tense)
    elif pronoun and not animal_twice and choose.chance(0.5):
        moody = conjunction in ("because", "although", "if") and choose.chance(0.45)
        if moody or pronoun.key.startswith("it"):
            tree = predicative(choose, pronoun, copula_tense)
        else:
            people = personal_verbs()
            tree = sampling.clause(choose, tense, pronoun, plain=True, verb_options=people)
    else:
        tree = sampling.clause(choose, tense, plain=True)
    tree = replace(tree, front="subject")
    reason = conjunction in ("because", "although", "if")
    if reason and choose.chance(0.2) and tree.verb and tree.verb not in verbs("weather"):
        tree = sampling.negated(choose, tree)
    words = german.clause(tree, "final")
    return f"{conjunction} {english.clause(tree)}", f", {german_conjunction} {words} ,"


def weather(choose: Chooser, tense: str) -> Clause:
    """Choose "it rains" or "it snows"."""
    verb = choose.lexeme(verbs("weather"), lambda v: v.key)
    manner = (Adverbial("manner", "heavily", "heftig"),) if choose.chance(0.3) else ()
    tense = tense if tense in ("past", "perfect") else "present"
    return sampling.with_tense(choose, Clause(Pronoun("it"), verb, adverbials=manner), tense)


def subordinate_after(choose: Chooser) -> SentencePair:
    """The farmer sleeps because he is tired. / Der Bauer schläft, weil er müde ist."""
    weights = {"because": 4.0, "although": 2.0, "while": 2.5, "before": 2.0, "as soon as": 4.0}
    conjunction = choose.weighted({**weights, "when": 1.0})
    main_tense = choose.pick(["present", "past"])
    tense = main_tense
    if conjunction == "when":
        main_tense = tense = "past"
    elif conjunction == "as soon as":
        main_tense, tense = choose.pick(["future", "modal"]), "present"
    elif conjunction in ("because", "although") and main_tense == "present":
        main_tense = choose.pick(["present", "present", "modal", "future", "perfect"])
        tense = choose.pick(["present", "modal", "perfect", "past"])
    options = verbs("transitive", "intransitive")
    if conjunction == "as soon as":
        options = [verb for verb in options if "stative" not in verb.frame]
    main = sampling.clause(choose, main_tense, plain=True, verb_options=options)
    clauses = subordinate(choose, main, conjunction, tense)
    return SentencePair(f"{english.clause(main)} {clauses[0]}", f"{german.clause(main)} {clauses[1]}")


def subordinate_before(choose: Chooser) -> SentencePair:
    """If it rains, the farmer stays here. / Wenn es regnet, bleibt der Bauer hier."""
    conjunction = choose.weighted({"if": 5.0, "because": 2.0, "when": 2.0, "although": 1.0})
    choose.mark("subordinate clause first")
    tense = "past" if conjunction == "when" else choose.pick(["present", "past"])
    main_tense = tense
    if conjunction == "if":
        tense, main_tense = "present", choose.pick(["present", "future", "modal"])
    main = sampling.clause(choose, main_tense, plain=True)
    clauses = subordinate(choose, replace(main, subject=Pronoun("it")), conjunction, tense)
    main = replace(main, front="subject")
    return SentencePair(f"{clauses[0]}, {english.clause(main)}", f"{clauses[1]} {german.clause(main, 'first')}")


def person_of(choose: Chooser, tense: str) -> Argument:
    """Choose a human subject without relative clause."""
    if choose.chance(0.3):
        return sampling.personal_pronoun(choose, tense)
    phrase = sampling.simple_person(choose)
    return sampling.described(choose, phrase, 0.15) if isinstance(phrase, NounPhrase) else phrase


def that_clause(choose: Chooser) -> SentencePair:
    """The baker knows that the goat sleeps. / Der Bäcker weiß, dass die Ziege schläft."""
    tense = choose.pick(["present", "present", "past"])
    verb = choose.lexeme(verbs("declarative"), lambda v: v.key)
    main = sampling.with_tense(choose, Clause(person_of(choose, tense), verb), tense)
    embedded_tense = tense if tense == "past" else ""
    embedded = sampling.clause(choose, embedded_tense)
    if choose.chance(0.25):
        embedded = predicative(choose, tense=embedded_tense)
    elif choose.chance(0.3):
        embedded = sampling.timed(choose, embedded, front=0.0)
    elif choose.chance(0.15):
        embedded = sampling.negated(choose, embedded)
    embedded = replace(embedded, front="subject")
    return SentencePair(
        f"{english.clause(main)} that {english.clause(embedded)}",
        f"{german.clause(main)}, dass {german.clause(embedded, 'final')} ,",
    )


def indirect_question(choose: Chooser) -> SentencePair:
    """The child asks where the cat sleeps. / Das Kind fragt, wo die Katze schläft."""
    tense = choose.pick(["present", "present", "past"])
    verb = choose.lexeme(verbs("interrogative"), lambda v: v.key)
    main = sampling.with_tense(choose, Clause(person_of(choose, tense), verb), tense)
    if verb.english == "know":
        main = replace(main, negation="nicht")
        choose.mark("negation with nicht")
    elif verb.english == "find out":
        main = replace(main, tense="present")
        main = sampling.with_tense(choose, main, choose.pick(["modal", "future"]))
    embedded = sampling.clause(choose, "past" if tense == "past" else "", plain=True)
    if choose.chance(0.4):
        words = f"whether {english.clause(embedded)}", f"ob {german.clause(embedded, 'final')}"
    else:
        embedded = asked_adverbial(choose, embedded)
        words = english.clause(embedded), german.clause(embedded, "final")
    return SentencePair(f"{english.clause(main)} {words[0]}", f"{german.clause(main)}, {words[1]} ,")


def infinitive(choose: Chooser) -> SentencePair:
    """The girl tries to milk the cow. / Das Mädchen versucht, die Kuh zu melken."""
    tense = choose.pick(["present", "past", "perfect"])
    verb = choose.lexeme(verbs("infinitive"), lambda v: v.key)
    main = sampling.with_tense(choose, Clause(person_of(choose, tense), verb), tense)
    embedded = _purpose(choose, main.subject)
    return SentencePair(
        f"{english.clause(main)} {english.infinitive(embedded)}",
        f"{german.clause(main)}, {german.infinitive(embedded)} ,",
    )


def _purpose(choose: Chooser, subject: Argument) -> Clause:
    """Choose a clause that somebody can mean to bring about."""
    people = [
        verb
        for verb in personal_verbs()
        if "stative" not in verb.frame
        and verb.english not in ("cry", "fall asleep", "lose", "laugh about", "dream of", "need")
    ]
    tree = sampling.clause(choose, "present", subject, verb_options=people)
    # "gladly" has no good place in an English infinitive.
    return replace(tree, adverbials=tuple(a for a in tree.adverbials if a.kind != "pleasure"))


def purpose(choose: Chooser) -> SentencePair:
    """He goes home to sleep. / Er geht nach Hause, um zu schlafen."""
    names = ("go", "run", "drive", "ride", "come", "return", "stay", "get up", "hike")
    options = [verb for verb in verbs("intransitive") if verb.english in names]
    tense = choose.weighted(sampling.TENSES)
    main = sampling.clause(choose, tense, plain=True, verb_options=options)
    embedded = _purpose(choose, main.subject)
    return SentencePair(
        f"{english.clause(main)} {english.infinitive(embedded)}",
        f"{german.clause(main)}, um {german.infinitive(embedded)} ,",
    )


def coordination(choose: Chooser) -> SentencePair:
    """The dog barks and the cat sleeps. / Der Hund bellt und die Katze schläft."""
    key, german_key = choose.pick(COORDINATORS)
    tense = choose.pick(["present", "past", "perfect"])
    trees = [sampling.clause(choose, tense, plain=True) for _ in range(2)]
    if choose.chance(0.3) and not _has_relative(trees[1]):
        trees[1] = sampling.negated(choose, trees[1])
    comma = "," if german_key == "aber" else ""
    return SentencePair(
        f"{english.clause(trees[0])}{comma} {key} {english.clause(trees[1])}",
        f"{german.clause(trees[0])}{comma} {german_key} {german.clause(trees[1])}",
    )


def _has_relative(tree: Clause) -> bool:
    return any(isinstance(phrase, NounPhrase) and phrase.relative for phrase in (tree.subject, tree.object))


def price(choose: Chooser) -> SentencePair:
    """The cow costs ninety euros. / Die Kuh kostet neunzig Euro."""
    dear = choose.chance(0.55)
    kinds = ("livestock", "vehicle", "furniture", "instrument", "appliance")
    noun = sampling.noun(choose, expand(*kinds) if dear else expand("goods", "poultry"))
    weights = {"the": 4.0, "this/these": 3.0, "possessive": 1.0}
    phrase = sampling.described(choose, sampling.with_determiner(choose, noun, weights), 0.4)
    amount = _hundreds(choose) if dear else _below(choose, range(2, 100))
    plural = phrase.number == "plural"
    # Present only: in "they cost" the tense would not show.
    cost, kosten = ("cost", "kosten") if plural else ("costs", "kostet")
    return SentencePair(
        f"{english.noun_phrase(phrase)} {cost} {amount[0]} euros",
        f"{german.noun_phrase(phrase, 'nominative')} {kosten} {amount[1]} Euro",
    )


def _hundreds(choose: Chooser) -> tuple[str, str]:
    hundreds = table("numerals")["hundreds"]
    return numerals.number(sampling.spelled_number(choose, hundreds))


def _below(choose: Chooser, options: range) -> tuple[str, str]:
    return numerals.number(sampling.spelled_number(choose, options))


def age(choose: Chooser) -> SentencePair:
    """My aunt is forty years old. / Meine Tante ist vierzig Jahre alt."""
    subject: Argument
    if choose.chance(0.65):
        subject = person_of(choose, "copula")
        young = isinstance(subject, NounPhrase) and subject.noun.english in YOUNG
        grown = isinstance(subject, NounPhrase) and not young
        amount = _below(choose, range(3, 19) if young else range(19 if grown else 3, 100))
    else:
        noun = sampling.noun(choose, expand("building", "bridge", "bell"))
        subject = sampling.with_determiner(choose, noun, {"the": 3.0, "this/these": 1.0})
        amount = _hundreds(choose)
    tree = Clause(subject, predicate=Predicate(f"{amount[0]} years old", f"{amount[1]} Jahre alt"))
    if choose.chance(0.25):
        return SentencePair(english.clause(tree, question=True), german.clause(tree, "first"), "?")
    return SentencePair(english.clause(tree), german.clause(tree))


def existence(choose: Chooser) -> SentencePair:
    """In the village there is an inn. / Im Dorf gibt es ein Gasthaus."""
    where = sampling.place(choose, ["outside", "inside", "farm", "trade"])
    kinds = ("animal", "tool", "container", "furniture", "vehicle", "plant", "crop")
    noun = sampling.noun(choose, expand(*kinds))
    weights = {"a": 4.0, "number": 5.0, "many": 2.0, "some": 1.0, "several": 1.0}
    weights |= {"bare": 1.0, "no": 1.0}
    phrase = sampling.with_determiner(choose, noun, weights)
    if not noun.plural:
        phrase = NounPhrase(noun, choose.pick(["bare", "no"]))
    if phrase.determiner == "no":
        choose.mark("negation with kein")
    phrase = sampling.described(choose, phrase, 0.35)
    past = choose.chance(0.3)
    if past:
        choose.mark("past tense")
    plural = phrase.number == "plural"
    be = ("were" if plural else "was") if past else "are" if plural else "is"
    return SentencePair(
        f"{where.english} there {be} {english.noun_phrase(phrase)}",
        f"{where.german} {'gab' if past else 'gibt'} es {german.noun_phrase(phrase, 'accusative')}",
    )


def calendar(choose: Chooser) -> SentencePair:
    """Today is Monday, the third of May. / Heute ist Montag, der dritte Mai."""
    day, (ordinal, month) = sampling.weekday(choose), sampling.date(choose)
    days = [("today is", "heute ist"), ("tomorrow is", "morgen ist")]
    start = choose.pick([*days, ("yesterday was", "gestern war")])
    return SentencePair(
        f"{start[0]} {day[0]}, the {ordinal[0]} of {month[0]}",
        f"{start[1]} {day[1]}, der {ordinal[1]}e {month[1]}",
    )


def clock(choose: Chooser) -> SentencePair:
    """It is already half past three. / Es ist schon halb vier."""
    time = sampling.clock(choose)
    already = choose.pick([("", ""), ("already ", "schon ")])
    if choose.chance(0.3):
        return SentencePair(f"is it {already[0]}{time[0]}", f"ist es {already[1]}{time[1]}", "?")
    tense = choose.pick([("is", "ist"), ("was", "war")])
    return SentencePair(f"it {tense[0]} {already[0]}{time[0]}", f"es {tense[1]} {already[1]}{time[1]}")


Construction = Callable[[Chooser], SentencePair]

CONSTRUCTIONS: dict[str, tuple[float, Construction]] = {
    "statement": (33.0, statement),
    "yes/no question": (7.0, yes_no_question),
    "wh-question": (10.0, wh_question),
    "predicate adjective": (5.0, adjective_predicate),
    "comparison": (4.5, comparison),
    "subordinate clause after": (9.0, subordinate_after),
    "subordinate clause before": (5.0, subordinate_before),
    "that-clause": (5.0, that_clause),
    "indirect question": (4.0, indirect_question),
    "zu-infinitive": (4.0, infinitive),
    "um-zu-infinitive": (3.5, purpose),
    "coordinated clauses": (3.0, coordination),
    "price": (6.5, price),
    "age": (6.5, age),
    "existence": (4.5, existence),
    "calendar": (1.5, calendar),
    "time of day": (1.7, clock),
}
"""The constructions by name, with their weights."""

WEIGHTS = {name: weight for name, (weight, _) in CONSTRUCTIONS.items()}
LONG_WEIGHTS = {
    "statement": 5.0,
    "subordinate clause after": 3.0,
    "that-clause": 2.0,
    "zu-infinitive": 1.0,
    "um-zu-infinitive": 1.0,
}


def _random_pair(choose: Chooser, weights: dict[str, float]) -> SentencePair:
    name = choose.weighted(weights)
    choose.mark(name)
    return CONSTRUCTIONS[name][1](choose)


def sentence_pair(choose: Chooser) -> SentencePair:
    """Build a random sentence pair of a random construction."""
    choose.begin()
    return _random_pair(choose, WEIGHTS).written()


def long_sentence_pair(choose: Chooser) -> SentencePair:
    """Build a long sentence pair: sentences joined by "and" or "but", relative clauses stacked."""
    choose.begin(depth=2)
    pair = _random_pair(choose, LONG_WEIGHTS)
    for _ in range(choose.pick([1, 1, 2])):
        choose.mark("coordinated clauses")
        english_word, german_word = choose.pick(COORDINATORS)
        following = _random_pair(choose, LONG_WEIGHTS)
        comma = "," if german_word == "aber" else ""
        pair = SentencePair(
            f"{pair.english}, {english_word} {following.english}",
            f"{pair.german}{comma} {german_word} {following.german}",
        )
    return pair.written()
