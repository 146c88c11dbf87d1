"""Check that the JavaScript of the page encodes and decodes as SentencePiece does, on many strings.

    python scripts/sentencepiece_in_javascript.py --strings 100000

Models of all four kinds are trained, with and without byte fallback, with the rules of mtlite, with those of
SentencePiece, and with none. Each one encodes every string, in Python and in Node: real sentences in ten scripts, parts
and mixtures of them, and what no sentence has. Each one also decodes every string's ids, and ids drawn at random.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PROCESSOR = Path(__file__).resolve().parents[1] / "mtlite/page/engine/sentencepiece/processor.js"
KINDS = ("unigram", "bpe", "word", "char")
FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
AT_ONCE = 20_000  # strings, whose outcomes are in memory
SHOWN = 10  # differences of a model

SENTENCES = {
    "Latin": (
        "The old farmer gets up early because the rooster crows.",
        "Käthe fährt über die Brücke, weil es drüben süße Äpfel gibt!",
        "Où est passé l'œuf que j'avais posé là, près de la fenêtre ?",
        "Hôm nay trời mưa to, nên chúng tôi ở nhà đọc sách.",
        "Çocuklar ağacın altında şarkı söylüyor; ışık yavaşça sönüyor.",
    ),
    "Greek": ("Ο παππούς διαβάζει την εφημερίδα στον ήλιο.", "Πού πάει το καράβι όταν φυσάει;"),
    "Cyrillic": ("Старый мельник несёт муку на мост.", "Їжак з'їв яблуко, а кіт спить на ґанку.", "Колико је сати?"),
    "Hebrew": ("הילדה קוראת ספר ליד החלון.", "מתי יוצאת הרכבת לירושלים?"),
    "Arabic": ("يشرب الجد القهوة في الصباح.", "می‌روم تا نان تازه بخرم.", "ہم کل بازار جائیں گے۔"),
    "Devanagari": ("बच्चे नदी के किनारे खेल रहे हैं।", "क्या तुमने आज अख़बार पढ़ा?"),
    "Thai": ("แมวนอนอยู่บนหลังคาบ้านสีแดง", "วันนี้ฝนตกหนักมาก"),
    "Han": ("老人每天早上在公园里打太极拳。", "雨停了，孩子们跑到院子里去玩。"),
    "Kana": ("おばあさんは庭で花に水をやっています。", "コーヒーをもう一杯ください。"),
    "Hangul": ("아이들이 강가에서 종이배를 띄웁니다.", "내일은 비가 올까요?"),
}

ODDITIES = (
    *("<s>", "</s>", "<unk>", "<pad>", "<0x41>", "<0x0A>", "▁", "▁▁", " ▁ ", " ⁇ ", "<name>", "<na", "name>", "@@"),
    *(" ", "  ", "   ", "\t", "\n", "\r\n", "\x0b", "\x85", "\u00a0", "\u2009", "\u2028", "\u3000", "\u200b", "\ufeff"),
    *("\0", "\x01", "\x07", "\x1b[31m", "\x7f", "\x9f", "\u200c", "\u200d", "\u200e", "\u202e", "\u2066", "\u00ad"),
    *("\u00aa\u0300", "a\u0300\u0323", "a\u0323\u0300", "e\u0301", "\u0301", "ǖ", "u\u0308\u0304", "\u212b", "Å"),
    *("\u1112\u1161\u11ab", "\u1100\u1161", "\u11a8", "\uac00\u11a8", "\u115f", "\u3131", "\uffa1"),
    *("ﬁ", "①", "Ⅷ", "㍿", "㌔", "ｶﾞ", "Ａｂ", "½", "㎏", "\ufdfa", "ﷺ", "…", "～", "\u0e33", "\u0958", "ޙ"),
    *("👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "🦊", "\U0001f9d1\u200d", "\ufe0f", "\U000e0041"),
    *("\ufffd", "\ufffe", "\uffff", "\ufdd0", "\ue000", "\U0010ffff", "\U000f0000", "\u0378", "\U000323b0", "\ud7ff"),
)
"""What no sentence has: control symbols as text, spaces, controls, accents apart, jamo, emoji, what is no character."""

ENCODE_ALL = """
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
const { Processor } = await import(process.argv[1]);
const processor = new Processor(readFileSync(process.argv[2]));
const outcome = (text, drawn) => {
  const { ids, pieces } = processor.encode(text);
  return { ids, pieces, unknown: processor.unknown(text), text: processor.decode(ids), drawn: processor.decode(drawn) };
};
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(outcome(...JSON.parse(line))) + "\\n");
}
"""


class Outcome(NamedTuple):
    """What a tokenizer makes of a string, and of ids drawn at random."""

    ids: list[int]
    pieces: list[str]
    unknown: list[str]
    text: str
    drawn: str


def strings(count: int, seed: int) -> Iterator[str]:
    """Draw texts of up to some sixty characters: sentences, what is close to them, and anything."""
    draw = random.Random(seed)
    everything = [sentence for sentences in SENTENCES.values() for sentence in sentences]
    ways: tuple[Callable[[], str], ...] = (
        lambda: draw.choice(everything),
        lambda: damaged(draw.choice(everything), draw),
        lambda: unicodedata.normalize(draw.choice(FORMS), damaged(draw.choice(everything), draw)),
        lambda: "".join(draw.choices("".join(everything), k=draw.randint(1, 40))),
        lambda: "".join(any_character(draw) for _ in range(draw.randint(1, 30))),
        lambda: "".join(draw.choices(ODDITIES, k=draw.randint(1, 8))),
        lambda: "".join(draw.choices((*ODDITIES, *draw.choice(everything)), k=draw.randint(1, 40))),
        lambda: draw.choice("".join(everything)) * draw.randint(1, 40),  # many segmentations of the same score
        lambda: "".join(draw.choice("aeiouñ가か") + chr(draw.randint(0x300, 0x36F)) for _ in range(draw.randint(1, 9))),
        lambda: "".join(chr(draw.randint(0x1100, 0x11FF)) for _ in range(draw.randint(1, 15))),
    )
    for _ in range(count):
        yield draw.choice(ways)()


def damaged(sentence: str, draw: random.Random) -> str:
    """Drop, double, change or swap some characters, or write something odd among them."""
    letters = list(sentence)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(letters))
        change = draw.choice((lambda c: "", lambda c: c * 2, str.upper, lambda c: any_character(draw),
                              lambda c: c + draw.choice(ODDITIES), lambda c: draw.choice(letters)))  # fmt: skip
        letters[at] = change(letters[at])
    return "".join(letters)


def any_character(draw: random.Random) -> str:
    """A code point of any kind, assigned or not; no half of a surrogate pair, which no Python string should have."""
    most = draw.choice((0x7F, 0xFF, 0x2FFF, 0xFFFF, 0x1FFFF, 0x10FFFF))
    code = draw.randint(0, most)
    return chr(code if not 0xD800 <= code < 0xE000 else code - 0x800)


def models() -> Iterator[tuple[str, bytes]]:
    """Train small models: each with a name that says what it is."""
    from mtlite.data.normalisation import normalise, with_rules
    from mtlite.data.tokenizer_training import train_tokenizer

    lines = [sentence for sentences in SENTENCES.values() for sentence in sentences] * 4
    for kind in KINDS:
        for byte_fallback in [False, True] if kind in ("unigram", "bpe") else [False]:
            fallback = ", byte fallback" if byte_fallback else ""
            plain, _ = train_tokenizer(lines, kind, 700, byte_fallback)
            ruled, _ = train_tokenizer(normalise(lines), kind, 700, byte_fallback)
            yield f"{kind}{fallback}, no rules", plain.model
            yield f"{kind}{fallback}, rules of mtlite", with_rules(ruled.model)
        yield f"{kind}, nmt_nfkc", trained_elsewhere(lines, kind)
        yield f"{kind}, space behind words", trained_elsewhere(lines, kind, treat_whitespace_as_suffix=True)
        names = {"user_defined_symbols": ["<name>", "@@", "er"], "unk_surface": "?", "normalization_rule_name": "nfkc"}
        symbols = trained_elsewhere(lines, kind, add_dummy_prefix=False, **names)
        yield f"{kind}, symbols", symbols
        yield f"{kind}, symbols, unused pieces and equal scores", rearranged(symbols, plain.model)


def trained_elsewhere(lines: Sequence[str], kind: str, **options: Any) -> bytes:
    """Train as somebody does who does not use mtlite: the text's control symbols have plain names."""
    import sentencepiece

    model = io.BytesIO()
    options |= {"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3}
    options |= {"model_type": kind, "vocab_size": 500, "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, **options)
    return model.getvalue()


def rearranged(model: bytes, other: bytes) -> bytes:
    """Make a model harder: pieces unused, scores equal, names of control symbols as text, rules for what is decoded."""
    from sentencepiece.sentencepiece_model_pb2 import ModelProto, TrainerSpec

    draw, proto = random.Random(1), ModelProto.FromString(model)
    normal, control, unused = 1, 3, 5
    for piece in proto.pieces:
        piece.score = round(piece.score / 3)
        if piece.type == normal and draw.random() < 0.2:
            piece.type = unused
    bpe = proto.trainer_spec.model_type == TrainerSpec.BPE  # which takes no name twice
    twice = [] if bpe else [("<s>", normal), ("é", control), ("ü", control)]
    for name, kind in (*twice, ("Q", control), ("</s>@", normal), ("<0x41>", normal)):
        proto.pieces.add(piece=name, type=kind, score=-2)
    proto.denormalizer_spec.CopyFrom(proto.normalizer_spec)
    proto.denormalizer_spec.escape_whitespaces = False
    for piece in ModelProto.FromString(other).pieces:
        if piece.type == normal and piece.piece not in {each.piece for each in proto.pieces}:
            proto.pieces.append(piece)
    return proto.SerializeToString()  # type: ignore[no-any-return]


def drawn_ids(size: int, draw: random.Random) -> list[int]:
    """Ids that no text need have: special ones, bytes that are no UTF-8."""
    return [draw.randrange(min(size, draw.choice((4, 300, size)))) for _ in range(draw.randint(0, 12))]


def in_python(model: bytes, texts: Sequence[tuple[str, list[int]]]) -> list[Outcome]:
    """What the library makes of texts and ids."""
    from mtlite.data.ids import EOS, NO_CHARACTER
    from mtlite.data.tokenizer import Tokenizer

    tokenizer = Tokenizer(model)
    lines, drawn = [text for text, _ in texts], [ids for _, ids in texts]
    ids = tokenizer.encode(lines)
    pieces = [
        [piece.replace(NO_CHARACTER, "") for piece in found] + tokenizer.pieces([EOS])
        for found in tokenizer.processor.encode(lines, out_type=str)
    ]
    columns = ids, pieces, map(tokenizer.unknown, lines), tokenizer.decode(ids), tokenizer.decode(drawn)
    return [Outcome(*row) for row in zip(*columns, strict=True)]


def in_javascript(model: bytes, texts: Sequence[tuple[str, list[int]]]) -> list[Outcome]:
    """What the page makes of them, in Node."""
    with tempfile.NamedTemporaryFile(suffix=".model") as file:
        Path(file.name).write_bytes(model)
        command = ["node", "--input-type=module", "-e", ENCODE_ALL, PROCESSOR.as_uri(), file.name]
        given = "".join(json.dumps(each) + "\n" for each in texts)
        done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"node ended with {done.returncode}:\n{done.stderr}")
    return [Outcome(**json.loads(line)) for line in done.stdout.split("\n")[:-1]]


def differences(model: bytes, texts: Sequence[str], seed: int) -> Iterator[str]:
    """Say where the two differ."""
    from mtlite.data.tokenizer import Tokenizer

    size, draw = len(Tokenizer(model)), random.Random(seed)
    given = [(text, drawn_ids(size, draw)) for text in texts]
    for each, one, other in zip(given, in_python(model, given), in_javascript(model, given), strict=True):
        for name, expected, received in zip(Outcome._fields, one, other, strict=True):
            if expected != received:
                yield f"{name} of {each!a}: expected {expected!a}, received {received!a}"


def main() -> int:
    """Print a line for each model; the exit code is 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strings", type=int, default=100_000, help="how many (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="models with this in their names (default: all)")
    options = parser.parse_args()
    texts = list(strings(options.strings, options.seed))
    print(f"{len(texts):,} strings, {len(set(texts)):,} of them different")
    total = 0
    for name, model in models():
        if options.only not in name:
            continue
        parts = [texts[at : at + AT_ONCE] for at in range(0, len(texts), AT_ONCE)]
        found = [each for part in parts for each in differences(model, part, options.seed)]
        total += len(found)
        print(f"{name}: {len(found):,} differences", *found[:SHOWN], sep="\n  ", flush=True)
    return int(total > 0)


if __name__ == "__main__":
    raise SystemExit(main())
