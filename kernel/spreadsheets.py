"""Text that goes into a spreadsheet as text."""

from typing import Final

# The last four are the wide forms of the first, which some locales take for them.
_BEGIN_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """`text` for a cell of a CSV file. What a spreadsheet would run as a formula gets an apostrophe in front,
    which makes it text; blanks before it hide nothing."""
    is_formula = text.startswith(_BEGIN_FORMULAS) or text.lstrip().startswith(_BEGIN_FORMULAS)
    return f"'{text}" if is_formula else text
