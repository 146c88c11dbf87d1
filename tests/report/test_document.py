"""Text of users is shown as it is, never as markup."""

from __future__ import annotations

import pytest
from blocks import BLOCKS

from mtlite.report.document import (
    Explorer,
    Folded,
    Heading,
    Paragraph,
    Table,
    to_latex,
    to_markdown,
    to_text,
)


def test_markdown() -> None:
    text = to_markdown(BLOCKS)
    assert "# Results" in text
    assert "a \\<b\\> \\& \\| \\*c\\* \\[d\\](e) \\`f\\`" in text
    assert "````\nx: ```" in text
    assert "| --- | --: |" in text
    assert "![b \\& c](p.svg)" in text


def test_what_needs_a_script_is_in_no_text() -> None:
    assert to_markdown([Paragraph("a"), Explorer("b", "c", {}), Paragraph("d")]) == "a\n\nd\n"
    assert "booktabs" in to_latex([Explorer("b", "c", {})])


def test_text() -> None:
    assert to_text(Table(["name", "n"], [["a", "1"], ["bb", "22"]], "Numbers.")) == (
        "name   n\na      1\nbb    22\n\nNumbers."
    )


def test_latex() -> None:
    table = Table(["system", "n"], [["50 % \\ _x_ <{~^}> & #$", "1.0 ± 2"]], "“Δ” – with | …", name="main")
    assert to_latex([Heading("x"), table, Folded("not shown", [table])]) == (
        "% \\usepackage{booktabs}\n\n"
        "\\begin{table}\n\\centering\n\\begin{tabular}{lr}\n\\toprule\nsystem & n \\\\\n\\midrule\n"
        r"50 \% \textbackslash{} \_x\_ \textless{}\{\textasciitilde{}\textasciicircum{}\}\textgreater{} \& \#\$"
        r" & 1.0 $\pm$ 2 \\"
        "\n\\bottomrule\n\\end{tabular}\n"
        r"\caption{``$\Delta$'' -- with \textbar{} \ldots{}}"
        "\n\\label{tab:main}\n\\end{table}\n"
    )


def test_latex_has_no_letter_that_it_cannot_set() -> None:
    assert "caption{$\\geq$11 é U+2192 U+4E16}" in to_latex([Table(["a"], [], "≥11 é → 世")])


def test_latex_has_real_minus_signs() -> None:
    assert "$-$1.5" in to_latex([Table(["n"], [["−1.5"]], "Numbers")])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("$x$ ~~y~~ &lt; @me", "\\$x\\$ \\~\\~y\\~\\~ \\&lt; \\@me"),
        ("https://x www.x", "https\\://x www\\.x"),
        ("39.5 – BLEU: (a) 1.5", "39.5 – BLEU: (a) 1.5"),
    ],
)
def test_markdown_gives_no_meaning_to_text(text: str, shown: str) -> None:
    assert to_markdown([Paragraph(text)]) == f"{shown}\n"


def test_latex_gives_no_meaning_to_text() -> None:
    text = to_latex([Table(["a"], [["[2cm] *"], ["a--b ``c'' –"]], "x")])
    assert "{[}2cm{]} {*}" in text  # after a row's end, brackets would be its distance
    assert r"a-{}-b \textasciigrave{}\textasciigrave{}c\textquotesingle{}\textquotesingle{} --" in text
