"""Random noun phrases, adverbials and clauses that make sense: the parts of every construction."""

from __future__ import annotations

from dataclasses import replace

from grammar import english, german, numerals
from grammar.chooser import Chooser
from grammar.lexicon import (
    Adjective,
    Noun,
    Verb,
    adjectives_of,
    expand,
    nouns,
    nouns_of,
    table,
    verbs,
    verbs_of,
)
from grammar.phrases import (
    Adverbial,
    Argument,
    Clause,
    Coordination,
    Gap,
    Name,
    NounPhrase,
    Pronoun,
    agreement,
)

PERSONS = ["I", "you", "he", "she", "we", "they"]
POSSESSIVES = ["my", "your", "his", "her", "our", "their"]
HUMAN = expand("human")
ANIMAL = expand("animal")
FAMILY = expand("relative")
MANY = expand("produce", "pastry", "farm_animal", "dishes", "plant")
TENSES = {"present": 30.0, "past": 22.0, "perfect": 20.0, "future": 8.0, "modal": 15.0, "had": 5.0}


def noun(choose: Chooser, selected: frozenset[str]) -> Noun:
    """Choose a noun out of classes and words."""
    choice = choose.lexeme(nouns_of(selected), lambda entry: entry.english)
    if " " in choice.english:
        choose.mark("compound")
    return choice


def adjective(choose: Chooser, entry: Noun, compared: bool = False) -> Adjective | None:
    """Choose an adjective that may describe a noun."""
    options = adjectives_of(entry, compared)
    if not options:
        return None
    choice = choose.lexeme(options, lambda a: a.english)
    choose.relations.add((choice.english, entry.english))
    return choice


def described(choose: Chooser, phrase: NounPhrase, probability: float = 0.3) -> NounPhrase:
    """Add an adjective with the given probability, now and then a superlative."""
    if not choose.chance(probability):
        return phrase
    superlative = phrase.determiner == "the" and choose.chance(0.15)
    choice = adjective(choose, phrase.noun, compared=superlative)
    if choice and superlative:
        choose.mark("superlative")
        return replace(phrase, adjective=choice, degree="superlative")
    return replace(phrase, adjective=choice)


def counted(choose: Chooser, phrase: NounPhrase) -> NounPhrase:
    """Give a phrase a number: mostly a small one, sometimes a larger one."""
    many = phrase.noun.kind in MANY and choose.chance(0.75)
    count = spelled_number(choose, range(13, 100) if many else range(2, 13))
    return replace(phrase, determiner="bare", number="plural", count=count)


def spelled_number(choose: Chooser, options: range | list[int]) -> int:
    """Choose a number, which counts as a lexeme."""
    choose.mark("number")
    return choose.lexeme(options, lambda value: numerals.number(value)[0])


def with_determiner(choose: Chooser, entry: Noun, weights: dict[str, float]) -> NounPhrase:
    """Choose determiner and number; the keys "number" and "plural" stand for "ten" and "the"."""
    if entry.kind in FAMILY:
        weights = {"possessive": 4.0, "the": 1.0}
    elif not entry.plural:
        weights = {"the": 2.0, "bare": 3.0} if "bare" in weights else {"the": 1.0}
    elif entry.kind == "occupation":
        weights = {key: weights[key] for key in weights if key != "possessive"}
    key = choose.weighted(weights)
    phrase = NounPhrase(entry)
    if key == "number":
        phrase = counted(choose, phrase)
    elif key == "possessive":
        number = "plural" if entry.plural and choose.chance(0.25) else "singular"
        owner = choose.pick(POSSESSIVES)
        phrase = replace(phrase, determiner=owner, number=number)
        choose.mark("possessive")
    elif key == "plural":
        phrase = replace(phrase, number="plural")
    elif key in ("bare", "many", "some", "several"):
        phrase = replace(phrase, determiner=key, number="plural" if entry.plural else "singular")
    elif key == "this/these":
        number = "plural" if choose.chance(0.4) else "singular"
        phrase = replace(phrase, determiner=key, number=number)
    else:
        phrase = replace(phrase, determiner=key)
    if key in ("the", "plural") and choose.chance(0.12):
        phrase = owned(choose, phrase)
    return phrase


def owned(choose: Chooser, phrase: NounPhrase) -> NounPhrase:
    """Give a phrase its possessor: a person in the genitive, or for parts a building."""
    kind = phrase.noun.kind
    if kind == "part" and " " not in phrase.noun.english:
        choose.mark("genitive")
        building = noun(choose, expand("building"))
        return replace(phrase, possessor=NounPhrase(building))
    if kind in expand("farm_animal", "pet", "goods"):
        choose.mark("genitive")
        if choose.chance(0.4):
            return replace(phrase, possessor=name(choose))
        return replace(phrase, possessor=described(choose, NounPhrase(noun(choose, HUMAN)), 0.2))
    return phrase


def name(choose: Chooser) -> Name:
    """Choose a given name."""
    names = table("nouns")["names"]
    options = [Name(text, gender) for gender, texts in names.items() for text in texts]
    return choose.lexeme(options, lambda option: option.text)


def personal_pronoun(choose: Chooser, tense: str) -> Pronoun:
    """Choose a subject pronoun; "du" goes with auxiliaries only, so that its few forms recur."""
    simple = tense in ("present", "past", "had")
    return Pronoun(choose.pick([key for key in PERSONS if not (simple and key == "you")]))


def subject(choose: Chooser, selected: frozenset[str], tense: str, plain: bool = False) -> Argument:
    """Choose a subject out of classes and words; a plain one is not quantified."""
    if "occupation" in selected:
        kind = choose.weighted({"noun": 66.0, "pronoun": 17.0, "name": 10.0, "and": 7.0})
        if kind == "pronoun":
            return personal_pronoun(choose, tense)
        if kind == "name":
            return name(choose)
        if kind == "and":
            choose.mark("coordinated noun phrases")
            first, second = noun(choose, HUMAN), noun(choose, HUMAN)
            if first != second:
                return Coordination(NounPhrase(first), NounPhrase(second))
    weights = {"the": 46.0, "plural": 16.0, "a": 5.0, "possessive": 13.0, "this/these": 6.0}
    weights |= {"number": 5.0, "many": 2.0, "some": 2.0, "several": 1.0}
    if not plain:
        weights |= {"every": 4.0, "no": 6.0}
    entry = noun(choose, selected)
    if entry.kind in ("sky", "bell", "event"):
        weights = {"the": 1.0}
    phrase = with_determiner(choose, entry, weights)
    if phrase.determiner == "no":
        choose.mark("negation with kein")
    phrase = described(choose, phrase)
    return related(choose, phrase) if choose.chance(0.13) else phrase


def can_be_related(phrase: NounPhrase) -> bool:
    """Tell whether a restrictive relative clause may follow."""
    if phrase.determiner not in ("the", "this/these", "a", "many", "some"):
        return False
    return not phrase.possessor and phrase.noun.kind not in ("sky", "bell", "event", *FAMILY)


def related(choose: Chooser, phrase: NounPhrase) -> NounPhrase:
    """Add a relative clause in which the noun is subject, object or location."""
    if not can_be_related(phrase) or not choose.depth:
        return phrase
    choose.depth -= 1
    gap = Gap(phrase.noun, phrase.number)
    places = table("adverbials")["locations"]["inside"]["in, in"]
    relative: Clause | None
    if phrase.noun.english in places and choose.chance(0.6):
        relative = _place_relative(choose, gap)
    elif choose.chance(0.5):
        relative = _subject_relative(choose, gap)
    else:
        relative = _object_relative(choose, gap)
    if relative is None:
        return phrase
    choose.mark("relative clause")
    return replace(phrase, relative=relative)


def _place_relative(choose: Chooser, gap: Gap) -> Clause:
    verb = choose.lexeme(
        [v for v in verbs("intransitive") if v.english in ("work", "live", "sleep")],
        lambda v: v.key,
    )
    pronoun = german.argument(gap, "dative")
    place = Adverbial("place", "in which", f"in {pronoun}")
    person = simple_person(choose)
    tense = choose.pick(["present", "past"])
    return Clause(person, verb, tense=tense, adverbials=(place,), front="place")


def _subject_relative(choose: Chooser, gap: Gap) -> Clause | None:
    options = verbs_of(gap.noun)
    if not options:
        return None
    verb = choose.lexeme(options, lambda v: v.key)
    mark_verb(choose, verb)
    tense = choose.pick(["present", "past", "perfect"])
    tree = Clause(gap, verb, tense=tense)
    if "object" in verb.frame:
        tree = replace(tree, object=related(choose, plain_object(choose, verb)))
    if "recipient" in verb.frame:
        tree = replace(tree, recipient=simple_person(choose))
    return replace(tree, adverbials=tuple(required_adverbials(choose, verb)))


def _object_relative(choose: Chooser, gap: Gap) -> Clause | None:
    options = [
        v
        for v in verbs("transitive")
        if gap.noun.matches(v.selects("object"))
        and v.english not in ("have", "belong to", "carry", "push", "pull", "follow")
        and "recipient" not in v.frame
    ]
    if not options:
        return None
    verb = choose.lexeme(options, lambda v: v.key)
    mark_verb(choose, verb)
    choose.relations.add((verb.key, gap.noun.english))
    tense = choose.pick(["present", "past", "perfect"])
    return Clause(simple_person(choose), verb, tense=tense, object=gap, front="object")


def simple_person(choose: Chooser) -> Argument:
    """Choose a short human argument: a definite noun phrase or a name."""
    if choose.chance(0.25):
        return name(choose)
    entry = noun(choose, HUMAN)
    if entry.kind in FAMILY:
        choose.mark("possessive")
        return NounPhrase(entry, choose.pick(POSSESSIVES))
    return NounPhrase(entry, number="plural" if choose.chance(0.15) else "singular")


def plain_object(choose: Chooser, verb: Verb) -> NounPhrase:
    """Choose an object without adjective and relative clause."""
    return object_phrase(choose, verb, {"the": 5.0, "a": 3.0, "possessive": 1.0, "bare": 1.0})


def object_phrase(choose: Chooser, verb: Verb, weights: dict[str, float]) -> NounPhrase:
    """Choose an object noun phrase that a verb admits."""
    entry = noun(choose, verb.selects("object"))
    choose.relations.add((verb.key, entry.english))
    if verb.frame.get("indefinite"):
        weights = {key: weights[key] for key in weights if key in ("a", "number", "many", "bare")}
        if entry.kind in FAMILY:
            weights = {"a": 1.0}
    return with_determiner(choose, entry, weights)


def object_pronoun(choose: Chooser, subject_phrase: Argument) -> Pronoun:
    """Choose a pronoun that does not refer back to the subject, which would make it reflexive."""
    choose.mark("object pronoun")
    person, _ = agreement(subject_phrase)
    options = [Pronoun(key) for key in PERSONS]
    return choose.pick([p for p in options if person == 3 or agreement(p)[0] != person])


def object_of(choose: Chooser, verb: Verb, subject_phrase: Argument) -> Argument:
    """Choose an object that a verb admits: a pronoun, a name or a noun phrase."""
    human = "occupation" in verb.selects("object")
    if human and not verb.has_particle and choose.chance(0.25):
        return object_pronoun(choose, subject_phrase)
    if human and choose.chance(0.1):
        return name(choose)
    weights = {"the": 34.0, "a": 22.0, "number": 12.0, "plural": 10.0, "possessive": 9.0}
    weights |= {"bare": 6.0, "this/these": 5.0, "many": 2.0, "some": 2.0, "several": 2.0}
    return described(choose, object_phrase(choose, verb, weights))


def mark_verb(choose: Chooser, verb: Verb) -> None:
    """Note the constructions that a verb brings along."""
    if verb.prefix:
        choose.mark("separable verb")
    if verb.frame.get("case") == "dative" or "recipient" in verb.frame:
        choose.mark("dative object")
    if "preposition" in verb.frame:
        choose.mark("prepositional object")


def _prepositional(choose: Chooser, key: str, words: list[str]) -> Adverbial:
    """Spell a location ("English, German") or a direction ("English, German case")."""
    english_preposition, governing = key.split(", ")
    preposition, *case = governing.split()
    entry = choose.lexeme([nouns()[word] for word in words], lambda option: option.english)
    determiner = "the"
    if not choose.chance(0.85):
        private = entry.kind in ("building", "room") or entry.english in ("garden", "yard", "field")
        determiner = choose.pick(["this/these", "a", *POSSESSIVES[: 3 * private]])
    phrase = described(choose, NounPhrase(entry, determiner), 0.15)
    return Adverbial(
        "direction" if case else "place",
        f"{english_preposition} {english.noun_phrase(phrase)}",
        german.prepositional(preposition, phrase, case[0] if case else "dative"),
    )


def place(choose: Chooser, names: list[str]) -> Adverbial:
    """Choose a location out of lists of locations or single nouns."""
    lists = table("adverbials")["locations"]
    if choose.chance(0.05):
        adverbs = table("adverbials")["adverbs"]["locations"]
        key = choose.lexeme(list(adverbs), str)
        return Adverbial("place", key, adverbs[key])
    chosen = choose.pick(names)
    if chosen in lists:
        preposition = choose.pick(list(lists[chosen]))
        return _prepositional(choose, preposition, lists[chosen][preposition])
    for entries in lists.values():
        for preposition, words in entries.items():
            if chosen in words and preposition.split(", ")[0] in ("in", "at", "on"):
                return _prepositional(choose, preposition, [chosen])
    raise KeyError(chosen)


def direction(choose: Chooser, names: list[str]) -> Adverbial:
    """Choose a direction out of lists of directions."""
    lists = table("adverbials")["directions"]
    choose.mark("direction")
    chosen = choose.pick(names)
    if chosen == "goal" and choose.chance(0.08):
        adverbs = table("adverbials")["adverbs"]["directions"]
        key = choose.lexeme(list(adverbs), str)
        return Adverbial("direction", key, adverbs[key])
    preposition = choose.pick(list(lists[chosen]))
    return _prepositional(choose, preposition, lists[chosen][preposition])


def required_adverbials(choose: Chooser, verb: Verb) -> list[Adverbial]:
    """Choose the location or direction without which a verb is incomplete."""
    if "located" in verb.frame:
        return [place(choose, verb.frame["located"])]
    if "direction" in verb.frame:
        return [direction(choose, verb.frame["direction"])]
    return []


def optional_adverbials(choose: Chooser, verb: Verb, budget: int) -> list[Adverbial]:
    """Choose at most ``budget`` adverbials of manner, company and place."""
    found: list[Adverbial] = []
    frame = verb.frame
    if "manner" in frame and choose.chance(0.2) and budget:
        group = choose.pick(frame["manner"])
        adverbs = table("adverbials")["manner"][group]
        key = choose.lexeme(list(adverbs), str)
        found.append(Adverbial("pleasure" if group == "pleasure" else "manner", key, adverbs[key]))
    for key, preposition, case in (("with", "mit", "dative"), ("for", "für", "accusative")):
        if key in frame and choose.chance(0.2) and len(found) < budget:
            companion = simple_person(choose)
            found.append(
                Adverbial(
                    "companion",
                    f"{key} {english.argument(companion, 'object')}",
                    german.prepositional(preposition, companion, case),
                )
            )
    if "place" in frame and choose.chance(0.4) and len(found) < budget:
        found.append(place(choose, frame["place"]))
    return found


def time(choose: Chooser, tense: str, exact: bool = True) -> Adverbial:
    """Choose an adverbial of time that suits a tense; an exact one may name clock or calendar."""
    if exact and tense != "perfect" and choose.chance(0.5):
        if tense == "present":
            kind = choose.weighted({"clock time": 3.0, "weekdays": 1.0})
        else:
            kind = choose.weighted({"clock time": 2.0, "weekday": 2.0, "date": 4.0, "month": 1.0})
        return {"clock time": at_clock, "weekdays": on_weekdays, "weekday": on_weekday}.get(
            kind, on_date if kind == "date" else in_month
        )(choose)
    entries = table("adverbials")["time"]
    options = [k for k in entries if tense in entries[k]["with"]]
    if not exact:
        options = [k for k in options if not k.startswith("every")]
    key = choose.lexeme(options, str)
    return Adverbial("time", key, entries[key]["de"])


def clock(choose: Chooser) -> tuple[str, str]:
    """Choose a clock time."""
    choose.mark("clock time")
    quarters, fives = [0, 15, 30, 45], list(range(5, 60, 5))
    minute = choose.pick(quarters if choose.chance(0.7) else fives)
    return numerals.clock_time(1 + choose.pick(range(12)), minute)


def at_clock(choose: Chooser) -> Adverbial:
    """Choose "at" with a clock time."""
    english_time, german_time = clock(choose)
    return Adverbial("time", f"at {english_time}", f"um {german_time}")


def weekday(choose: Chooser) -> tuple[str, str]:
    """Choose a day of the week."""
    choose.mark("weekday")
    days: list[tuple[str, str]] = list(table("numerals")["weekdays"].items())
    return choose.lexeme(days, lambda day: day[0])


def on_weekdays(choose: Chooser) -> Adverbial:
    """Choose "on" with a day of every week."""
    english_day, german_day = weekday(choose)
    return Adverbial("time", f"on {english_day}s", f"{german_day.lower()}s")


def on_weekday(choose: Chooser) -> Adverbial:
    """Choose "on" with a day, perhaps with a part of the day or a clock time."""
    english_day, german_day = weekday(choose)
    if choose.chance(0.4):
        parts = list(table("numerals")["times of day"].items())
        english_part, german_part = choose.pick(parts)
        english_day, german_day = f"{english_day} {english_part}", f"{german_day}{german_part}"
        choose.mark("compound")
    return Adverbial("time", f"on {english_day}", f"am {german_day}")


def date(choose: Chooser) -> tuple[tuple[str, str], tuple[str, str]]:
    """Choose a day and a month that exist."""
    choose.mark("date")
    month = choose.pick(range(12))
    days = 29 if month == 1 else 30 if month in (3, 5, 8, 10) else 31
    day = choose.lexeme(range(1, days + 1), lambda value: numerals.ordinal(value)[0])
    return numerals.month_day(day, month)


def on_date(choose: Chooser) -> Adverbial:
    """Choose "on" with a date."""
    (english_day, german_day), (english_month, german_month) = date(choose)
    return Adverbial("time", f"on the {english_day} of {english_month}", f"am {german_day}en {german_month}")


def in_month(choose: Chooser) -> Adverbial:
    """Choose "in" with a month."""
    english_month, german_month = choose.pick(list(table("numerals")["months"].items()))
    return Adverbial("time", f"in {english_month}", f"im {german_month}")


def frequency(choose: Chooser, tense: str) -> Adverbial | None:
    """Choose an adverb for the middle of the clause."""
    entries = table("adverbials")["frequency"]
    options = [key for key in entries if tense in entries[key]["with"]]
    if not options:
        return None
    key = choose.lexeme(options, str)
    return Adverbial("frequency", key, entries[key]["de"])


def with_tense(choose: Chooser, tree: Clause, tense: str) -> Clause:
    """Set the tense; "modal" and "had" are modals in the present and in the past."""
    if tense not in ("modal", "had"):
        if tense != "present":
            choose.mark({"perfect": "perfect", "past": "past tense", "future": "future"}[tense])
        return replace(tree, tense=tense)
    modals = table("inflection")["modals"]
    options = [key for key in modals if tense == "modal" or "past" in modals[key]]
    if isinstance(tree.subject, NounPhrase) and tree.subject.noun.kind not in HUMAN:
        options = ["can", "have"]
    choose.mark("modal verb")
    modal = choose.pick(options)
    return replace(tree, modal=modal, tense="past" if tense == "had" else "present")


def clause(
    choose: Chooser,
    tense: str = "",
    subject_phrase: Argument | None = None,
    plain: bool = False,
    verb_options: list[Verb] | None = None,
) -> Clause:
    """Choose a whole clause. A plain one has few adverbials and no relative clause."""
    tense = tense or choose.weighted(TENSES)
    options = verb_options or verbs("transitive", "intransitive")
    verb = choose.lexeme(options, lambda entry: entry.key)
    mark_verb(choose, verb)
    if "stative" in verb.frame and tense in ("modal", "had", "future"):
        tense = "past" if tense == "had" else "present"
    if subject_phrase is None:
        subject_phrase = subject(choose, verb.selects("subject"), tense, plain)
    tree = with_tense(choose, Clause(subject_phrase, verb), tense)
    if "object" in verb.frame:
        tree = replace(tree, object=object_of(choose, verb, subject_phrase))
    if "recipient" in verb.frame:
        pronominal = choose.chance(0.3)
        recipient = object_pronoun(choose, subject_phrase) if pronominal else simple_person(choose)
        tree = replace(tree, recipient=recipient)
    adverbials = required_adverbials(choose, verb)
    related_object = False
    if isinstance(tree.object, NounPhrase) and not plain and choose.chance(0.25):
        object_with_relative = related(choose, tree.object)
        related_object = object_with_relative.relative is not None and not adverbials
        if related_object:
            tree = replace(tree, object=object_with_relative)
    if not related_object:
        optional = optional_adverbials(choose, verb, 1 if plain or adverbials else 2)
        adverbials += [a for a in optional if not (tree.modal and a.kind == "pleasure")]
    return replace(tree, adverbials=tuple(adverbials))


def timed(choose: Chooser, tree: Clause, front: float = 0.35, probability: float = 0.5) -> Clause:
    """Add an adverbial of time, or an adverb in the middle, and perhaps front one of them."""
    suits = "future" if tree.modal and tree.tense == "present" else tree.tense
    verb = tree.verb
    if verb and verb.frame.get("stative"):
        return tree
    has_relative = isinstance(tree.object, NounPhrase) and tree.object.relative is not None
    roles = [adverbial.kind for adverbial in tree.adverbials]
    added = list(tree.adverbials)
    if choose.chance(probability):
        added.append(time(choose, suits, exact=not tree.negation))
        if choose.chance(front) or has_relative:
            choose.mark("fronted adverbial")
            return replace(tree, adverbials=tuple(added), front="time")
    elif "place" in roles and verb and "located" not in verb.frame and choose.chance(0.15):
        choose.mark("fronted adverbial")
        return replace(tree, front="place")
    elif not (tree.modal or tree.negation or "pleasure" in roles) and choose.chance(0.25):
        adverb = frequency(choose, suits)
        added += [adverb] if adverb else []
    return replace(tree, adverbials=tuple(added))


def negated(choose: Chooser, tree: Clause) -> Clause:
    """Negate a clause: with "kein" if its object is indefinite, otherwise with "nicht"."""
    phrase = tree.object
    if any(a.kind in ("frequency", "manner", "pleasure") for a in tree.adverbials):
        return tree
    definite = ("the", "this/these", *POSSESSIVES)
    if isinstance(tree.subject, NounPhrase) and (tree.subject.determiner not in definite or tree.subject.relative):
        return tree
    if isinstance(phrase, NounPhrase):
        if phrase.relative or phrase.count or phrase.determiner in ("many", "some", "several"):
            return tree
        if phrase.determiner in ("a", "bare"):
            if tree.verb and "preposition" in tree.verb.frame:
                return tree
            choose.mark("negation with kein")
            determiner = "not a" if phrase.determiner == "a" else "any"
            phrase = replace(phrase, determiner=determiner)
            return replace(tree, object=phrase, negation="kein")
    choose.mark("negation with nicht")
    return replace(tree, negation="nicht")


def pronoun_for(argument: Argument) -> Pronoun | None:
    """Return the pronoun that takes up an argument, if only one will do in both languages."""
    if isinstance(argument, Name):
        return Pronoun("he" if argument.gender == "masculine" else "she")
    if isinstance(argument, NounPhrase) and argument.noun.kind not in HUMAN | ANIMAL:
        return None
    if agreement(argument)[1] == "plural":
        return None if isinstance(argument, Pronoun) else Pronoun("they")
    if not isinstance(argument, NounPhrase) or argument.determiner in ("no", "every"):
        return None
    gender = argument.noun.gender
    if argument.noun.kind in HUMAN:
        return {"masculine": Pronoun("he"), "feminine": Pronoun("she")}.get(gender)
    return Pronoun("it") if gender == "neuter" else Pronoun(f"it ({gender})")
