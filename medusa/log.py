"""A customer's code stands in the address of /store/gift-cards/:code, as Medusa has it. It must not stand in
a log, where Django writes the address of whatever ends in a 5xx."""

import logging
import re
from typing import Final

CODE: Final = re.compile(r"(/store/gift-cards/)[^/\s]+")


class NoCodesInAddresses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(CODE.sub(r"\1…", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True
