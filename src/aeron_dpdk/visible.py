"""Texts that somebody else has written, made fit to be shown: a terminal would obey what is in them."""

import re

# C0 but for the tab and the end of a line, DEL, C1; marks that turn the direction of writing or end a line.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """With escapes, as Python writes them, for all that a terminal or a reader would be deceived by."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def visible_line(text: str) -> str:
    """Likewise, and on one line: what follows cannot pass for the next entry."""
    return visible(text).replace("\n", "\\n")
