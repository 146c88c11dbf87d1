"""Numbers, ordinals, clock times and dates in words, in both languages."""

from __future__ import annotations

from functools import cache

from grammar.lexicon import table

Pair = tuple[str, str]


@cache
def number(value: int) -> Pair:
    """Spell 1 to 999; German names the units before the tens, in one word."""
    numerals = table("numerals")
    units, tens = list(numerals["units"].items()), list(numerals["tens"].items())
    hundreds, rest = divmod(value, 100)
    if rest < 20:
        english, german = units[rest - 1] if rest else ("", "")
    else:
        english, german = tens[rest // 10 - 2]
        if rest % 10:
            unit = units[rest % 10 - 1]
            english, german = f"{english}-{unit[0]}", f"{_combining(unit[1])}und{german}"
    if hundreds:
        hundred = units[hundreds - 1]
        english = f"{hundred[0]} hundred" + (f" and {english}" if rest else "")
        german = f"{_combining(hundred[1])}hundert{german}"
    return english, german


def _combining(unit: str) -> str:
    return "ein" if unit == "eins" else unit


@cache
def ordinal(value: int) -> Pair:
    """Spell the first to the thirty-first, the German one as a stem without its ending."""
    numerals = table("numerals")
    english, german = number(value)
    *start, last = english.split("-")
    last = numerals["english_ordinals"].get(last) or last.removesuffix("y") + ("ieth" if last.endswith("y") else "th")
    german = numerals["german_ordinals"].get(german) or german + ("t" if value < 20 else "st")
    return "-".join([*start, last]), german


def clock_time(hour: int, minute: int) -> Pair:
    """Tell the time in steps of five minutes; German counts the half towards the next hour."""
    following = hour % 12 + 1
    here, there = number(hour), number(following)
    if minute == 0:
        return f"{here[0]} o'clock", f"{_combining(here[1])} Uhr"
    if minute == 30:
        return f"half past {here[0]}", f"halb {there[1]}"
    late = minute > 30
    distance = 60 - minute if late else minute
    english, german = ("a quarter", "Viertel") if distance == 15 else number(distance)
    if late:
        return f"{english} to {there[0]}", f"{german} vor {there[1]}"
    return f"{english} past {here[0]}", f"{german} nach {here[1]}"


def month_day(day: int, month: int) -> tuple[Pair, Pair]:
    """Return English and German ordinal stem, then English and German month."""
    return ordinal(day), list(table("numerals")["months"].items())[month]
