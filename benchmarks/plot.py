"""The cost of requests against the number of cards, as SVG: both axes grow by factors. Colours follow the
reader's light or dark page."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from benchmarks.figures import Figures
from benchmarks.report import ABOUT

SHOWN: Final = ("list", "list_deep", "create", "debit", "retrieve", "look_up", "filter_one")
COLOURS: Final = ("#3b7dd8", "#8e5cc9", "#2f9e63", "#d9622b", "#b8930b", "#c7417b", "#5f8a8b")
WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 350, 48, 56
LABEL_HEIGHT: Final = 17
STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; }
  .axis { stroke: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 0.6; }
  .line { fill: none; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .axis { stroke: #8d96a0; }
    .grid { stroke: #3d444d; }
  }
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to a place, by its logarithm."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return self.start + part * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    colour: str
    points: tuple[tuple[int, float], ...]


def plot(figures: Figures) -> str:
    lines = list(lines_of(figures))
    costs = [cost for line in lines for _, cost in line.points]
    sizes = sorted({cards for line in lines for cards, _ in line.points})
    low, high = 10 ** floor(log10(min(costs))), 10 ** ceil(log10(max(costs)))
    across = Scale(sizes[0] / 1.5, sizes[-1] * 1.2, LEFT, WIDTH - RIGHT)
    up = Scale(low, high if high > low else low * 10, HEIGHT - BOTTOM, TOP)
    drawn = [*axes(across, up, sizes), *(part for line in lines for part in drawn_line(line, across, up))]
    drawn += labels(lines, across, up)
    title = f"CPU of server and PostgreSQL for each request ({figures.measured_at})"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            f'<text class="title" x="{LEFT}" y="24">{title}</text>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def lines_of(figures: Figures) -> Iterator[Line]:
    for name, colour in zip(SHOWN, COLOURS, strict=True):
        points = tuple(
            (database.cards, database.requests[name].service.cpu_ms)
            for database in figures.databases
            if name in database.requests and database.requests[name].service.cpu_ms > 0
        )
        if points:
            yield Line(ABOUT[name].title, colour, points)


def axes(across: Scale, up: Scale, sizes: list[int]) -> Iterator[str]:
    step = up.low
    while step <= up.high:
        for factor in (1, 2, 5):
            if step * factor <= up.high:
                yield horizontal(up.at(step * factor), f"{step * factor:g} ms")
        step *= 10
    for cards in sizes:
        place = across.at(cards)
        yield f'<line class="axis" x1="{place:.1f}" x2="{place:.1f}" y1="{up.start}" y2="{up.start + 5}"/>'
        yield f'<text x="{place:.1f}" y="{up.start + 21}" text-anchor="middle">{cards:,}</text>'
    middle = (across.start + across.end) / 2
    yield f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle">gift cards</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{across.end}" y1="{up.start}" y2="{up.start}"/>'


def horizontal(place: float, label: str) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{place + 4:.1f}" text-anchor="end">{label}</text>'
    )


def drawn_line(line: Line, across: Scale, up: Scale) -> Iterator[str]:
    places = [(across.at(cards), up.at(cost)) for cards, cost in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="line" stroke="{line.colour}" points="{path}"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>'


def labels(lines: list[Line], across: Scale, up: Scale) -> Iterator[str]:
    """At the end of each line, and none over another."""
    bottom = float("-inf")
    for line in sorted(lines, key=lambda line: -line.points[-1][1]):
        end = up.at(line.points[-1][1])
        bottom = max(end, bottom + LABEL_HEIGHT)
        cost = line.points[-1][1]
        yield (
            f'<line stroke="{line.colour}" x1="{across.at(line.points[-1][0]):.1f}" y1="{end:.1f}" '
            f'x2="{across.end + 14}" y2="{bottom:.1f}" stroke-dasharray="2 2"/>'
            f'<text x="{across.end + 18}" y="{bottom + 4:.1f}" style="fill:{line.colour}">'
            f"{cost:.2f} {line.title}</text>"
        )
