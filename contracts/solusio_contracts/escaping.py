"""Makes any text safe to print: names, values and responses may contain anything. Pure."""


def encodable(text: str, encoding: str = "utf-8") -> str:
    r"""Return `text` with escapes for what the encoding lacks; in UTF-8, only lone surrogates."""
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def visible(text: str) -> str:
    r"""Return `text` with an escape such as `\x1b` for everything invisible, except line feed and tab.

    That includes what moves a terminal's cursor, what reorders displayed text (U+202E), every character that
    XML 1.0 forbids, and lone surrogates; also the no-break space, which often causes confusion as a
    thousands separator.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in "\n\t" else _escape(letter) for letter in text)


def one_line(text: str) -> str:
    r"""Return `visible(text)` with line breaks and tabs as `\n` and `\t`."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(letter: str) -> str:
    code = ord(letter)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
