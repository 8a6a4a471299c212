"""The picture as a file, as text for a page, as a specification."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import vl_convert

from tocsin.errors import QuestionError
from tocsin.writing import write_whole

if TYPE_CHECKING:
    import altair as alt

PPI = 192
"""Dots per inch of a PNG; the specification's own pixels are 96 to the inch on a screen, 72 in print."""

# Expressions are walked, not compiled, so that a page needs no permission to make code; nothing in the menu leaves the page.
_OPTIONS = {
    "ast": True,
    "renderer": "svg",
    "actions": {"export": True, "source": False, "compiled": False, "editor": False},
}

# What a page calls by name.
_GLOBALS = "window.vegaEmbed = vegaEmbed;"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'">
<title>{title}</title>
<style>body {{ margin: 1rem; background: white; }} #figure {{ max-width: 100%; overflow-x: auto; }}</style>
</head>
<body>
<div id="figure">{svg}</div>
<script>{script}</script>
<script>{embed}</script>
</body>
</html>
"""


Drawing: TypeAlias = "alt.SchemaBase | Mapping[str, Any]"
"""A chart, or its specification where it is wanted in several forms: making it is the slow part."""


def specification(chart: Drawing) -> dict[str, Any]:
    """The Vega-Lite specification of a figure; the same table gives the same one."""
    if isinstance(chart, Mapping):
        return dict(chart)
    # The numbers of a figure are JSON already; Altair would walk and copy each of the tens of thousands of corners of a map.
    given = chart["datasets"]
    bare = chart.copy(deep=False)
    bare["datasets"] = {}
    specified: dict[str, Any] = bare.to_dict()
    return {**specified, "datasets": {**specified["datasets"], **(given if isinstance(given, Mapping) else {})}}


def svg(chart: Drawing) -> str:
    """The figure as SVG; all text in it is escaped."""
    return vl_convert.vegalite_to_svg(specification(chart))


@cache
def script() -> str:
    """The JavaScript that draws figures, to be put in a page once; it fetches nothing."""
    return vl_convert.javascript_bundle(_GLOBALS)


def embed(chart: Drawing, element_id: str) -> str:
    """The JavaScript that draws one figure in the element of that id, in a page that holds `script()`."""
    arguments = ", ".join(_safe(value) for value in (specification(chart), _OPTIONS))
    return f"vegaEmbed(document.getElementById({_safe(element_id)}), {arguments});"


def write(chart: Drawing, *paths: Path) -> None:
    """Write the figure in the forms that the suffixes name: .svg .png .pdf .html .json. Each file is whole or not there.

    Raises:
        QuestionError: a suffix is not known.
        StoreError: a file can not be written.
    """
    for path in paths:
        if path.suffix.lower() not in _FORMS:
            raise QuestionError(
                f'a figure can not be written as "{path.suffix or path.name}"',
                where=str(path),
                next_step=f"Known: {', '.join(_FORMS)}.",
            )
    specified = specification(chart)
    picture = cache(lambda: svg(specified))
    for path in paths:
        write_whole(path, _FORMS[path.suffix.lower()](specified, picture))


def _safe(value: object) -> str:
    """JSON that can stand inside <script>: no text in it can end the element or a line."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return written


def _indented(specified: Mapping[str, Any]) -> str:
    """The specification as JSON for a person to read: the rows of its data one a line, all else indented."""
    # Indented whole, tens of thousands of corners of a map would be written by Python, number by number, each on a line of its own.
    head = json.dumps({**specified, "datasets": None}, ensure_ascii=False, indent=1)
    data = (
        f"  {json.dumps(name, ensure_ascii=False)}: [\n"
        + ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in rows)
        + "\n  ]"
        for name, rows in specified["datasets"].items()
    )
    before, after = head.split('\n "datasets": null', 1)
    return f'{before}\n "datasets": {{\n' + ",\n".join(data) + f"\n }}{after}\n"


def _page(specified: dict[str, Any], picture: Callable[[], str]) -> bytes:
    page = _PAGE.format(
        title=html.escape(str(specified.get("description", "Figure"))),
        svg=picture(),
        script=script(),
        embed=embed(specified, "figure"),
    )
    return page.encode()


# From the specification, and the picture as SVG, which is drawn when it is first asked for.
_FORMS: Mapping[str, Callable[[dict[str, Any], Callable[[], str]], bytes]] = {
    ".svg": lambda _, picture: picture().encode(),
    ".png": lambda _, picture: vl_convert.svg_to_png(picture(), ppi=PPI),
    ".pdf": lambda _, picture: vl_convert.svg_to_pdf(picture()),
    ".html": _page,
    ".json": lambda specified, _: _indented(specified).encode(),
}
