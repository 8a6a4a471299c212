"""Maps: one scale for all windows, the right way round, names that keep apart."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.figures.shapes import square
from tocsin.errors import QuestionError
from tocsin.figures.borders import borders
from tocsin.figures.capitals import Capital, labels, uncovered
from tocsin.figures.caption import Caption
from tocsin.figures.map import concentration
from tocsin.figures.placing import Box
from tocsin.figures.projection import EARTH_KM, Projection, fitted
from tocsin.figures.rings import drawable
from tocsin.figures.write import specification, svg


def panels(specified: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(
        part["concat"] for part in specified["vconcat"][0]["vconcat"] if "concat" in part
    )
    return found


def coloured(panel: dict[str, Any]) -> dict[str, Any]:
    return next(layer for layer in panel["layer"] if "fill" in layer.get("encoding", {}))


def test_both_maps_of_a_pair_share_scale_and_projection(country: dict[str, Any], caption: Caption) -> None:
    before, after = panels(specification(concentration(**country, caption=caption)))
    scale = coloured(before)["encoding"]["fill"]["scale"]
    assert scale["domain"] == [3, 10, 30, 100, 300]
    assert coloured(after)["encoding"]["fill"]["scale"] == scale
    projections = [
        layer["projection"] for panel in (before, after) for layer in panel["layer"] if "projection" in layer
    ]
    assert len(projections) == 8
    assert all(projection == projections[0] for projection in projections)


def test_each_map_has_its_window_its_cells_and_their_sum(country: dict[str, Any], caption: Caption) -> None:
    specified = specification(concentration(**country, caption=caption))
    headings = [(panel["title"]["text"], panel["title"]["subtitle"]) for panel in panels(specified)]
    assert headings == [(["before"], "incidents shown: 415"), (["after"], "incidents shown: 1")]
    drawn = {
        name: {row["place"]: row["incidents"] for row in specified["datasets"][name]} for name in ("cells1", "cells2")
    }
    assert drawn == {"cells1": {"a": 412, "b": 3}, "cells2": {"a": 1}}


def test_a_window_of_zeros_is_an_empty_map(country: dict[str, Any], caption: Caption) -> None:
    country["table"] = pl.DataFrame({"window": ["before", "after"], "place": ["a", "a"], "incidents": [0, 2]})
    specified = specification(concentration(**country, caption=caption))
    assert [panel["title"]["subtitle"] for panel in panels(specified)] == ["incidents shown: 0", "incidents shown: 2"]
    assert specified["datasets"]["cells1"] == []


def test_a_window_without_rows_is_drawn_empty_where_it_is_named(country: dict[str, Any], caption: Caption) -> None:
    specified = specification(concentration(**country, caption=caption, windows=["never", "after"]))
    headings = [(panel["title"]["text"], panel["title"]["subtitle"]) for panel in panels(specified)]
    assert headings == [(["never"], "incidents shown: 0"), (["after"], "incidents shown: 1")]
    # The scale is that of what is shown.
    assert coloured(panels(specified)[0])["encoding"]["fill"]["scale"]["domain"] == []


def test_no_window_at_all_is_refused(country: dict[str, Any], caption: Caption) -> None:
    country["table"] = country["table"].clear()
    with pytest.raises(QuestionError, match="no window was named"):
        concentration(**country, caption=caption)


def test_the_key_says_classes_unit_and_distance(country: dict[str, Any], caption: Caption) -> None:
    drawn = svg(concentration(**country, caption=caption))
    for text in ("incidents per cell", "none", "1–2", "300–412", "national capital", "100 km"):
        assert f">{text}<" in drawn
    assert ">Left out: 8 per cent of incidents.<" in drawn


def test_made_up_data_say_so_on_every_map(country: dict[str, Any], caption: Caption) -> None:
    drawn = svg(concentration(**country, caption=replace(caption, synthetic=True)))
    assert drawn.count(">SYNTHETIC DATA<") == 2
    assert drawn.count("SYNTHETIC DATA: made up") == 1


def test_no_shape_is_larger_than_its_panel(country: dict[str, Any], caption: Caption) -> None:
    # A ring the wrong way round fills the globe: its path would run far outside the panel.
    drawn = svg(concentration(**country, caption=caption))
    paths = [path.split(' d="')[1].split('"')[0] for path in drawn.split("<path")[1:] if ' d="' in path]
    shapes = [path for path in paths if path.startswith("M") and "L" in path and path.endswith("Z") and "A" not in path]
    numbers = [float(number) for path in shapes for number in re.findall(r"-?\d+\.?\d*", path)]
    assert len(shapes) >= 5
    assert min(numbers) >= -1
    assert max(numbers) <= 680


def test_two_maps_in_one_page_share_no_names(country: dict[str, Any], caption: Caption) -> None:
    assert " id=" not in svg(concentration(**country, caption=caption))


def test_the_same_table_gives_the_same_bytes(country: dict[str, Any], caption: Caption) -> None:
    first, second = (json.dumps(specification(concentration(**country, caption=caption))) for _ in range(2))
    assert first == second


def test_a_place_without_a_shape_is_named(country: dict[str, Any], caption: Caption) -> None:
    country["table"] = country["table"].with_columns(place=pl.lit("z"))
    with pytest.raises(QuestionError, match='the place "z" has incidents and no shape'):
        concentration(**country, caption=caption)


def test_a_point_among_the_outlines_is_refused(country: dict[str, Any], caption: Caption) -> None:
    country["outlines"]["features"][0]["geometry"] = {"type": "Point", "coordinates": [60, 30]}
    with pytest.raises(QuestionError, match="drawn from polygons, and there is a Point"):
        concentration(**country, caption=caption)


def test_a_country_without_capitals_can_be_drawn(country: dict[str, Any], caption: Caption) -> None:
    country["capitals"] = country["capitals"].clear()
    assert "national capital" not in svg(concentration(**country, caption=caption))


def test_rings_are_turned_for_d3_whichever_way_they_come() -> None:
    projection = Projection(61, 31, 1000, 300, 300)
    anticlockwise = square(60, 30, 2)
    clockwise = square(60, 30, 2)
    clockwise["geometry"]["coordinates"][0].reverse()
    one, other = (drawable(shape, projection)["coordinates"][0][0] for shape in (anticlockwise, clockwise))
    assert one == other == [[60, 30], [60, 32], [62, 32], [62, 30], [60, 30]]


@given(st.floats(-180, 180), st.floats(-75, 75))
def test_the_projection_keeps_area_everywhere_even_across_the_date_line(longitude: float, latitude: float) -> None:
    steps = np.linspace(-2, 2, 41)
    edges = [
        (steps, np.full(41, -2.0)),
        (np.full(41, 2.0), steps),
        (steps[::-1], np.full(41, 2.0)),
        (np.full(41, -2.0), steps[::-1]),
    ]
    east, north = (
        np.concatenate([edge[0] for edge in edges]) + longitude,
        np.concatenate([edge[1] for edge in edges]) + latitude,
    )
    projection, _ = fitted(np.column_stack([(east + 180) % 360 - 180, north]), width=300, most=300, air=0)
    page = projection.page(np.column_stack([east, north]))
    drawn = 0.5 * abs(float(np.sum(page[:-1, 0] * page[1:, 1] - page[1:, 0] * page[:-1, 1])))
    low, high = math.radians(latitude - 2), math.radians(latitude + 2)
    true = math.radians(4) * (math.sin(high) - math.sin(low))
    assert drawn / projection.scale**2 == pytest.approx(true, rel=2e-3)


def test_the_fit_holds_all_and_touches_the_air() -> None:
    places = np.array([[60.0, 30.0], [75.0, 30.0], [68.0, 38.0], [61.0, 36.0]])
    projection, height = fitted(places, width=328, most=480, air=6)
    page = projection.page(places)
    assert page[:, 0].min() == pytest.approx(6, abs=0.1)
    assert page[:, 0].max() == pytest.approx(322, abs=0.1)
    assert page[:, 1].min() + 0.1 >= 6
    assert page[:, 1].max() <= height - 6 + 0.1


def test_the_scale_bar_agrees_with_the_page() -> None:
    # A degree of longitude on the equator is 111.19 km.
    projection = Projection(0, 0, 2000, 0, 0)
    ends = projection.page(np.array([[-0.5, 0.0], [0.5, 0.0]]))
    assert projection.px(math.radians(1) * EARTH_KM) == pytest.approx(float(ends[1, 0] - ends[0, 0]), rel=1e-4)


def test_a_shared_border_is_drawn_once_and_apart_from_the_countrys_own() -> None:
    found = borders(
        [square(60, 30, 2, country="XXX"), square(62, 30, 2, country="XXX"), square(64, 30, 2, country="YYY")]
    )
    edges = [line[index : index + 2] for line in found.inner for index in range(len(line) - 1)]
    assert [sorted(edge) for edge in edges] == [[[62.0, 30.0], [62.0, 32.0]]]
    around = [
        tuple(sorted(map(tuple, line[index : index + 2]))) for line in found.outer for index in range(len(line) - 1)
    ]
    assert len(around) == len(set(around)) == 9
    assert ((64.0, 30.0), (64.0, 32.0)) in around


towns = st.lists(
    st.tuples(st.floats(10, 310), st.floats(10, 230), st.text("abcdefghij", min_size=2, max_size=14)),
    min_size=1,
    max_size=30,
    unique_by=lambda town: town[2],
)


@given(towns)
def test_names_of_capitals_touch_neither_each_other_nor_the_edge(drawn: list[tuple[float, float, str]]) -> None:
    capitals = [Capital(name, x, y, national=False) for x, y, name in drawn]
    found = labels(capitals, places=np.zeros((0, 2)), counts=[], near=50, width=328, height=240)
    for index, label in enumerate(found):
        assert label.box.inside(Box(0, 0, 328, 240))
        assert not any(label.box.meets(other.box) for other in found[index + 1 :])
    assert len(found) <= 10


def test_the_national_capital_is_named_however_crowded_and_first_come_those_with_incidents() -> None:
    around = [
        Capital(f"town {index}", 100 + 9 * (index % 3 - 1), 100 + 9 * (index // 3 - 1), national=False)
        for index in range(9)
    ]
    found = labels(
        [*around, Capital("City", 101, 101, national=True)],
        places=np.zeros((0, 2)),
        counts=[],
        near=50,
        width=328,
        height=240,
    )
    assert found[0].capital.name == "City"
    left = {capital.name for capital in uncovered([*around, found[0].capital], found)}
    assert "City" in left
    assert len(left) < 10, "the marks beneath its name are left out"
    two = [Capital("Quiet", 100, 100, national=False), Capital("Troubled", 110, 104, national=False)]
    busy = labels(two, places=np.array([[110.0, 104.0]]), counts=[40], near=5, width=328, height=240)
    assert [label.capital.name for label in busy] == ["Troubled"]
