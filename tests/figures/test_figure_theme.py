"""Colours can be told apart, in grey too."""

from __future__ import annotations

import itertools
import math

from tocsin.figures import theme


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lightness(colour: str) -> float:
    return 116 * math.cbrt(luminance(colour)) - 16


def test_classes_darken_in_even_steps_that_a_grey_printer_keeps() -> None:
    for ramp in theme.RAMPS[1:]:
        steps = [lightness(one) - lightness(next_) for one, next_ in itertools.pairwise(ramp)]
        assert min(steps) > 13
        assert max(steps) - min(steps) < 1.5
    assert all(lightness(theme.LAND) - lightness(ramp[0]) > 10 for ramp in theme.RAMPS)


def test_neighbouring_lines_differ_in_lightness_and_all_in_colour_and_dash() -> None:
    styles = [theme.style(index) for index in range(35)]
    assert len({(style.colour, style.dash) for style in styles}) == 35
    for one, next_ in itertools.pairwise(styles[:7]):
        assert abs(lightness(one.colour) - lightness(next_.colour)) > 15


def test_names_can_be_read_and_lines_seen_on_white() -> None:
    for index in range(7):
        style = theme.style(index)
        assert 1.05 / (luminance(style.ink) + 0.05) >= 4.5
        assert 1.05 / (luminance(style.colour) + 0.05) >= 3
