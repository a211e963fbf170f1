"""Writes docs/performance.md anew between its marks, and the plot beside it."""

from pathlib import Path
from typing import Final

from benchmarks.figures import Figures
from benchmarks.plot import plot
from benchmarks.report import report
from benchmarks.servers import ROOT

PAGE: Final = ROOT / "docs" / "performance.md"
KEPT: Final = ROOT / "docs" / "performance.json"
PICTURE: Final = ROOT / "docs" / "performance.svg"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def write(figures: Figures, *, page: Path = PAGE, picture: Path = PICTURE) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{report(figures)}\n{END}{after}")
    picture.write_text(plot(figures))
