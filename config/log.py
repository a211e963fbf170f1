"""What stands in the log."""

import logging


class WithoutTraceback(logging.Filter):
    """For what anybody outside can cause as often as he likes, and whose sentence says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True
