"""Colours of the small labels, as the theme names them; what is not listed is grey."""

from typing import Final

from kernel.modes import Mode

MODE_TONES: Final = {Mode.LIVE.value: "info", Mode.TEST.value: "default"}
