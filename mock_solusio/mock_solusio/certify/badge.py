"""The badge: what a summary says, as a small picture. Pure."""

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mock_solusio.certify.steps import Verdict
from mock_solusio.certify.summary import Summary, badge_text

LABEL: Final = "SolusIO billing"
_COLOURS: Final = {
    Verdict.CONFORMANT: "#11733b",
    Verdict.NOT_CONFORMANT: "#b3201f",
    Verdict.INCONCLUSIVE: "#7a3399",
}
_PARTIAL: Final = "#8a5300"
"""For a conformant summary in which something was skipped, undecided or not judged."""
_LETTER: Final = 6.6
"""Pixels that a letter takes at most, at a size of 11."""


def badge(summary: Summary) -> str:
    """Return the badge of a summary as SVG."""
    text = badge_text(summary)
    partial = summary.verdict == Verdict.CONFORMANT and (
        summary.count("skip")
        or summary.count("error")
        or any(step.verdict == Verdict.NOT_JUDGED for step in summary.steps)
    )
    colour = _PARTIAL if partial else _COLOURS[summary.verdict]
    left, right = _width(LABEL), _width(text)
    title = quoteattr(f"{LABEL}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f" aria-label={title}>\n"
        f"<title>{escape(summary.statement)}</title>\n"
        f'<rect width="{left}" height="20" fill="#3a4150"/>\n'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>\n'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\n'
        f'<text x="{left / 2:g}" y="14">{escape(LABEL)}</text>\n'
        f'<text x="{left + right / 2:g}" y="14">{escape(text)}</text>\n'
        "</g>\n</svg>\n"
    )


def _width(text: str) -> int:
    return round(len(text) * _LETTER) + 16
