"""Labels and flags keep apart; text keeps inside its width."""

from __future__ import annotations

import itertools
import re

import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from tocsin.figures import theme
from tocsin.figures.lettering import text_width, wrapped
from tocsin.figures.placing import Box, spread, stacked

HEIGHT = 290.0
labels = st.lists(st.tuples(st.floats(0, HEIGHT), st.floats(10, 40)), min_size=1, max_size=6)


@given(labels)
def test_labels_at_line_ends_never_overlap_and_stay_inside(wanted: list[tuple[float, float]]) -> None:
    heights = [height for _, height in wanted]
    tops = spread([middle for middle, _ in wanted], heights=heights, low=0, high=HEIGHT)
    stack = sorted(zip(tops, heights, strict=True))
    for (top, height), (below, _) in itertools.pairwise(stack):
        assert top + height <= below + 1e-6
    assert stack[0][0] >= -1e-6
    assert stack[-1][0] + stack[-1][1] <= HEIGHT + 1e-6


def test_a_label_with_room_stays_where_it_wants_to_be() -> None:
    assert spread([50, 200], heights=[20, 20], low=0, high=290) == [40, 190]


def test_two_labels_for_one_height_move_by_the_same_amount() -> None:
    assert spread([100, 100], heights=[20, 20], low=0, high=290) == [80, 100]


def test_labels_of_lines_that_end_on_zero_stay_above_the_edge() -> None:
    assert spread([290, 290, 290], heights=[15, 15, 15], low=0, high=290) == [245, 260, 275]


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(5, 190), st.floats(13, 45)), max_size=8))
def test_flags_touch_neither_each_other_nor_a_pole(flags: list[tuple[float, float, float]]) -> None:
    lifts = stacked(flags)
    boxes = [
        Box(pole, -lift - height, pole + width, -lift) for (pole, width, height), lift in zip(flags, lifts, strict=True)
    ]
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert not box.meets(other)
        for other in boxes:
            crossed = box.left < other.left < box.right and other.top < box.bottom
            assert other is box or not crossed, "a pole runs through a flag"


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text", ["Explosions/Remote violence", "15 September 2020 – 15 July 2021", "Lashkar Gāh", "WMQ@%—“é”"]
)
def test_text_is_never_wider_than_it_is_taken_to_be(text: str, bold: bool) -> None:
    # At a hundred times the size that figures use, rounding does not matter.
    mark = {"text": {"value": text}, "font": {"value": theme.FONT}, "fontSize": {"value": 100}}
    mark |= {"fontWeight": {"value": "bold" if bold else "normal"}}
    drawn = vl_convert.vega_to_svg({"width": 1, "height": 1, "marks": [{"type": "text", "encode": {"enter": mark}}]})
    found = re.search(r'width="(\d+)"', drawn)
    assert found
    assert 0.85 * text_width(text, size=100, bold=bold) - 2 < int(found[1]) <= text_width(text, size=100, bold=bold) + 2


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=300), st.floats(40, 700))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: float) -> None:
    lines = wrapped(text, width=width, size=10)
    assert all(text_width(line, size=10) <= width for line in lines)
    assert re.sub(r"[ \t\r\n]", "", "".join(lines)) == re.sub(r"[ \t\r\n]", "", text.strip())


def test_a_no_break_space_holds() -> None:
    assert wrapped("about 1,770\u00a0km²", width=60, size=10) == ["about", "1,770\u00a0km²"]
