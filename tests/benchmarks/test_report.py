"""The page and the plot that are made of a run's figures."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import document, running
from benchmarks.asking import REQUESTS
from benchmarks.batch import OfBatch, Turn
from benchmarks.figures import Cost, Figures, OfDatabase, OfRequest, PgbenchCost
from benchmarks.plot import SHOWN
from benchmarks.report import ABOUT, BENEATH, report


def figures(**costs: float) -> Figures:
    """Of debits and retrievals at two sizes; `costs` are those of debits in CPU milliseconds."""

    def database(cards: int, debit_ms: float) -> OfDatabase:
        debit = OfRequest(
            Cost(500.0, debit_ms - 0.25, 0.25, 2.0, 9.0, 0.1),
            PgbenchCost(1000.0, 0.2),
            Cost(100, 4, 1, 9, 9, 0),
        )
        hot = OfRequest(Cost(300.0, 0.5, 0.25, 2.0, 30.0, 0.1), PgbenchCost(trouble="it can't"))
        return OfDatabase(
            cards,
            5 * cards,
            100,
            2.0,
            [90.0, 91.0],
            [99.0, 131.0],
            777,
            ["It is."],
            {"debit": debit, "hot": hot},
            {"api_view": Cost(4000.0, 0.2, 0.01, 2.0, 9.0, 0.1)} if cards == 10_000 else {},
        )

    databases = [database(10_000, costs.get("small", 0.5)), database(1_000_000, costs.get("large", 0.9))]
    batch = OfBatch.of(500, [Turn(3, 1, 2, 90), Turn(1, 1, 2, 110)], [Turn(2, 0, 1, 0), Turn(1, 0, 1, 0)])
    return Figures(
        "today", "abc1234", "On a busy machine", {"python": "3.11"}, {"load": "8"}, databases, batch
    )


def test_figures_survive_their_file(tmp_path: Path) -> None:
    found = figures()
    found.write(tmp_path / "figures.json")
    assert Figures.read(tmp_path / "figures.json") == found


def test_a_target_is_met_or_not_in_words() -> None:
    lines = report(figures()).splitlines()
    small, large = (line for line in lines if line.startswith("| debit | 500"))
    assert "0.25 + 0.25 = 0.50 | ≤ 0.8: met | 50% of 1,000/s, 0.20 ms | ≥ 35%: met" in small
    assert "= 0.90 | ≤ 0.8: **not met**" in large
    assert "100 (5.0 times)" in small
    assert "| debit | 0.50 → 0.90 | 1.80 | **not met** | 2.0 → 2.0 |" in lines
    assert "- One hot card reaches 60% of what spread cards do (target ≥ 70%: **not met**)." in lines
    assert any("after 777 requests (target ≤ 130 MB: **not met**)" in line for line in lines)


def test_what_stands_beneath_is_shown_once() -> None:
    lines = [line for line in report(figures()).splitlines() if line.startswith("| an empty view")]
    assert lines == ["| an empty view of REST framework | 4,000 | 0.20 + 0.01 = 0.21 |"]


def test_a_batch_is_held_against_raw_copy_round_by_round() -> None:
    lines = report(figures()).splitlines()
    assert "**1,000 cards issued at once, in 2 parts**" in lines
    assert "- 250 cards/s, 1.25 times as long as raw COPY of the same rows (target ≤ 1.3: met)." in lines
    assert any("2000 µs of the program and 4000 of PostgreSQL, which needs 2000" in line for line in lines)
    assert "- Memory of the program: 110 MB at the most (target ≤ 100 MB: **not met**)." in lines


def test_what_pgbench_could_not_repeat_is_said_in_its_place() -> None:
    assert "not repeated: it can't" in report(figures())


def test_a_reader_sees_under_which_circumstances_it_was_measured() -> None:
    assert "at commit abc1234. **On a busy machine.**" in report(figures())


def test_the_page_is_written_anew_between_its_marks_only(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "picture.svg"
    page.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    for _ in range(2):
        document.write(figures(), page=page, picture=picture)
    text = page.read_text()
    assert text.startswith(f"before\n{document.BEGIN}\nMeasured today")
    assert text.endswith(f"{document.END}\nafter\n")
    assert "old" not in text
    assert text.count("| debit | 500") == 2


@pytest.mark.parametrize("costs", [{}, {"small": 1.0, "large": 1.0}, {"small": 0.3, "large": 40.0}])
def test_the_plot_is_a_picture_with_every_line_inside_it(costs: dict[str, float], tmp_path: Path) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "picture.svg"
    page.write_text(f"{document.BEGIN}\n{document.END}")
    document.write(figures(**costs), page=page, picture=picture)
    root = ElementTree.parse(picture).getroot()  # noqa: S314 (ours)
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 2
    for circle in circles:
        assert 64 <= float(circle.attrib["cx"]) <= 510
        assert 48 <= float(circle.attrib["cy"]) <= 384


def test_every_request_has_a_name_and_every_line_is_one_of_them() -> None:
    assert set(ABOUT) == set(REQUESTS)
    assert set(SHOWN) <= set(REQUESTS)
    assert set(BENEATH) == set(running.BENEATH)
