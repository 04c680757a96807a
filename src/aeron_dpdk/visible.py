"""Makes texts from others fit to be shown: a terminal would obey control characters in them."""

import re

# C0 except tab and newline, DEL, C1; marks that change the direction of writing, or end a line.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """With Python's escapes in place of whatever could deceive a terminal or a reader."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def visible_line(text: str) -> str:
    """Likewise, and on one line, so that its end cannot be taken for the next entry."""
    return visible(text).replace("\n", "\\n")
