"""Languages: which one a code, the name of a file or a column means, and whether its script has spaces between words.

Codes are those of BCP 47, which takes ISO 639-1, -2 and -3 in: `zh`, `zho`, `cmn` and `zh-Hans` are one language.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from langcodes import Language
from langcodes.tag_parser import LanguageTagError

HAN = frozenset({"Hans", "Hant", "Hani", "Hanb", "Bopo"})
JAPANESE = frozenset({"Jpan", "Hrkt", "Hira", "Kana"})
UNSPACED = HAN | JAPANESE | {"Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Talu", "Tale", "Tavt"}
"""Scripts (ISO 15924) in which spaces do not part words."""

_NO_LANGUAGE = frozenset(
    """src tgt trg ref raw tok bpe spm out dat log bak old new tmp tar zip map ids lst bin low all sub seg sen par lab
    txt tsv csv tab xml sgm dev val train valid test devtest clean na nan""".split()  # noqa: SIM905
)
"""Endings and names that are codes of languages only by chance."""

_COUNTRIES_OF_COLUMNS = frozenset({"jp", "cn", "cz", "gr", "dk", "ua", "vn"})
"""Codes of countries that columns are called by for their languages; such short words of a text are rare."""

_COUNTRY_OF_ANOTHER = {"kr": ("Kanuri", "Korean", "ko"), "se": ("Northern Sami", "Swedish", "sv")}
_COUNTRY_OF_ANOTHER |= {"ee": ("Ewe", "Estonian", "et"), "tw": ("Twi", "Chinese of Taiwan", "zh-TW")}
"""Codes of languages that are also those of countries with another language, which is often meant."""

_NAMES = """
af Afrikaans,am Amharic,ar Arabic,az Azerbaijani,ba Bashkir,be Belarusian,bg Bulgarian,bho Bhojpuri,bn Bengali,
bo Tibetan,br Breton,bs Bosnian,ca Catalan Català,cs Czech Čeština,cy Welsh,da Danish Dansk,de German Deutsch,
el Greek,en English Englisch Anglais Inglés,eo Esperanto,es Spanish Español Castilian,et Estonian Eesti,eu Basque,
fa Persian Farsi,fi Finnish Suomi,fr French Français Französisch,ga Irish,gl Galician,gu Gujarati,ha Hausa,
he Hebrew,hi Hindi,hr Croatian Hrvatski,hu Hungarian Magyar,hy Armenian,id Indonesian,ig Igbo,is Icelandic,
it Italian Italiano,ja Japanese 日本語,jv Javanese,ka Georgian,kk Kazakh,km Khmer,kn Kannada,ko Korean 한국어,
ku Kurdish,ky Kyrgyz,la Latin,lo Lao,lt Lithuanian,lv Latvian,mk Macedonian,ml Malayalam,mn Mongolian,mr Marathi,
ms Malay,mt Maltese,my Burmese,ne Nepali,nl Dutch Nederlands,no Norwegian Norsk,pa Punjabi,pl Polish Polski,
ps Pashto,pt Portuguese Português,ro Romanian Română,ru Russian Русский,si Sinhala,sk Slovak,sl Slovenian,
so Somali,sq Albanian,sr Serbian,su Sundanese,sv Swedish Svenska,sw Swahili,ta Tamil,te Telugu,tg Tajik,
th Thai ไทย,tl Tagalog,tr Turkish Türkçe,tt Tatar,uk Ukrainian Українська,ur Urdu,uz Uzbek,
vi Vietnamese,xh Xhosa,yi Yiddish,yo Yoruba,yue Cantonese,zh Chinese Mandarin 中文,zu Zulu
"""
_LANGUAGES = {
    name.casefold(): code for code, *names in map(str.split, _NAMES.replace("\n", "").split(",")) for name in names
}
"""Codes by the names that stand at the head of columns; not all names: a word of a sentence may be one, too."""


_ENGLISH_NAMES = {code: names[0] for code, *names in map(str.split, _NAMES.replace("\n", "").split(","))}


def name_of(code: str) -> str:
    """What a language is called in English, such as `German` of `de`; its code where no name is known."""
    return _ENGLISH_NAMES.get(code, code)


def is_language_code(text: str) -> bool:
    """Whether a text has the form of a language code: two or three letters, with script and region or without."""
    return re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", text) is not None


@lru_cache(4096)  # a server is asked by codes that others write
def _tag(code: str | None) -> Language | None:
    """Read a code of a registered language, or of a script alone (`und-Thai`); None for anything else."""
    if code is None or not is_language_code(code):
        return None
    try:
        tag = Language.get(code)
    except LanguageTagError:
        return None
    if tag.language is None:
        return tag if tag.script else None
    return tag if Language.make(tag.language).is_valid() else None


def is_known(code: str) -> bool:
    """Whether a code means a language that ISO 639 knows."""
    return _tag(code) is not None


def language_code(code: str | None) -> str:
    """The shortest code of the language that a code means: `zh` for `zho`, `cmn` and `zh-TW`; empty if unknown."""
    tag = _tag(code)
    return (tag.prefer_macrolanguage().language or tag.maximize().language or "") if tag else ""


def script_of_language(code: str | None) -> str | None:
    """The script (ISO 15924) that a language is written in: as the code says, or else mostly; None if unknown."""
    tag = _tag(code)
    return tag.maximize().script if tag else None


def same_language(first: str, second: str) -> bool:
    """Whether two codes mean one language; `zh` is `zh-TW`, but `zh-CN` is not."""
    tags = _tag(first), _tag(second)
    if None in tags or language_code(first) != language_code(second):
        return False
    one, other = tags
    parts = ((one.script, other.script), (one.territory, other.territory))  # type: ignore[union-attr]
    return not any(left and right and left != right for left, right in parts)


def meant_language(code: str) -> str | None:
    """The code that was meant by the code of a country (`jp`, `cn`) or a name (`Japanese`); None if it is a code."""
    if named := _LANGUAGES.get(code.strip().casefold()):
        return named
    country, *rest = code.replace("_", "-").split("-")
    if is_known(code) or not is_language_code(code) or len(country) != 2:
        return None
    likely = Language.get(f"und-{country}").maximize().language
    # English is what comes of a country that is none, too.
    return None if likely in (None, "en") else "-".join([likely, *rest])


def often_confused(code: str) -> str | None:
    """Say which other language may be meant by a right code; None for most."""
    found = _COUNTRY_OF_ANOTHER.get(code.lower())
    return f"{code} is {found[0]}; {found[1]} is {found[2]}" if found else None


def language_of_column(name: str) -> str | None:
    """The language that the name of a column means: a code in one case (`en`, `EN`, `zh-CN`), or a name (`English`).

    A few codes of countries that are no languages mean those of the country: `jp`, `cn`.
    """
    name = name.strip()
    if name in (name.lower(), name.upper()) and name.lower() in _COUNTRIES_OF_COLUMNS:
        return meant_language(name)
    if named := _LANGUAGES.get(name.casefold()):
        return named
    in_one_case = name in (name.lower(), name.upper()) or not name.isalpha()
    return name if in_one_case and name.casefold() not in _NO_LANGUAGE and is_known(name) else None


def language_of(path: str | None) -> str | None:
    """The language code that a file name ends in: `train.en.gz`, `train.zh-CN`, `train.de.txt`, `eng_Latn.dev`."""
    name = Path(path or "").name.removesuffix(".gz")
    stem, *endings = name.split(".")
    while endings and endings[-1] in _NO_LANGUAGE:
        endings.pop()
    if endings:
        ending = endings[-1]
        return ending if re.match("[a-z]{2,3}([-_]|$)", ending) and is_known(ending) else None
    return stem if re.fullmatch("[a-z]{3}_[A-Z][a-z]{3}", stem) and is_known(stem) else None
