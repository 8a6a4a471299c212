"""Files: every form is what its suffix says, whole or not there, and asks nothing of a network."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import pytest

from tocsin.errors import QuestionError, StoreError
from tocsin.figures.caption import Caption
from tocsin.figures.map import concentration
from tocsin.figures.series import series
from tocsin.figures.write import embed, script, specification, svg, write

NASTY = "<script>alert(1)</script> \"quoted\" 'too' & {{x}} ${y} datum.incidents \u2028 end"


@pytest.fixture
def chart(weekly: Callable[[Mapping[str, Sequence[int | None]]], pl.DataFrame], caption: Caption) -> alt.VConcatChart:
    return series(weekly({"near": [3, 5, 4, 6, 2, 0, 1], "far": [1, 1, 2, 3, 5, 8, 13]}), caption=caption)


@pytest.fixture
def nasty(weekly: Callable[[Mapping[str, Sequence[int | None]]], pl.DataFrame], caption: Caption) -> alt.VConcatChart:
    words = replace(caption, title=NASTY, notes=(NASTY,), source=NASTY)
    return series(weekly({NASTY: [3, 5, 4, 6], "a.b[c]": [1, 2, 3, 4]}), caption=words)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".png", b"\x89PNG\r\n\x1a\n"),
        (".pdf", b"%PDF-"),
        (".svg", b"<svg"),
        (".html", b"<!doctype html>"),
        (".PNG", b"\x89PNG"),
    ],
)
def test_each_form_is_what_it_says(chart: alt.VConcatChart, tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"figure{suffix}"
    write(chart, path)
    assert path.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_json_is_the_specification(chart: alt.VConcatChart, tmp_path: Path) -> None:
    write(chart, tmp_path / "figure.json")
    assert json.loads((tmp_path / "figure.json").read_text(encoding="utf-8")) == specification(chart)


@pytest.mark.parametrize("suffix", [".svg", ".json", ".html", ".png"])
def test_writing_twice_gives_the_same_bytes(chart: alt.VConcatChart, tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        write(chart, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_svg_parses_and_holds_its_words(chart: alt.VConcatChart, caption: Caption) -> None:
    root = ET.fromstring(svg(chart))  # noqa: S314 - our own text
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert caption.title in texts
    assert {"near", "far", "incidents per week"} <= set(texts)


def test_nothing_runs_out_of_the_picture(nasty: alt.VConcatChart) -> None:
    found = re.search(r'width="(\d+)"', svg(nasty))
    assert found
    assert int(found[1]) <= 680 + 2 * 14 + 2


def test_nasty_names_are_text_and_nothing_else(nasty: alt.VConcatChart, tmp_path: Path) -> None:
    drawn = svg(nasty)
    ET.fromstring(drawn)  # noqa: S314 - our own text
    assert "<script" not in drawn
    write(nasty, tmp_path / "figure.html")
    page = (tmp_path / "figure.html").read_text(encoding="utf-8")
    assert page.count("<script>") == page.count("</script>") == 2
    assert "\u2028" not in embed(nasty, "figure")


def test_an_embedded_specification_is_the_specification(nasty: alt.VConcatChart) -> None:
    written = embed(nasty, "it's </script>")
    assert "</" not in written
    call = re.fullmatch(r"vegaEmbed\(document\.getElementById\((.*?)\), (.*)\);", written, flags=re.DOTALL)
    assert call
    assert json.loads(call[1]) == "it's </script>"
    given, _ = json.JSONDecoder().raw_decode(call[2])
    assert given == specification(nasty)


def test_nasty_names_on_a_map(country: dict[str, Any], caption: Caption) -> None:
    country["capitals"] = country["capitals"].with_columns(capital=pl.lit("</script>&\"'"))
    drawn = svg(concentration(**country, caption=caption))
    ET.fromstring(drawn)  # noqa: S314 - our own text
    assert "</script>" not in drawn


def test_the_page_loads_nothing(chart: alt.VConcatChart, tmp_path: Path) -> None:
    write(chart, tmp_path / "figure.html")
    page = (tmp_path / "figure.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:link|img|iframe|object|embed|base)\b", page.replace(script(), ""))
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?\s*(?:https?:)?//", page.replace(script(), ""))
    # What addresses remain are names: of XML languages, of the schema, of an editor that the menu does not offer.
    names = ("http://www.w3.org/", "https://vega.github.io/", "https://github.com/vega/")
    assert all(address.startswith(names) for address in re.findall(r"https?://[^\s\"'`<>)]+", page))
    assert '"editor":false' in page


def test_the_script_gives_what_the_page_calls() -> None:
    assert "window.vegaEmbed" in script()
    assert "</script" not in script().lower()


def test_dates_are_numbers_for_the_interpreter_that_pages_use(chart: alt.VConcatChart) -> None:
    # vega's interpreter answers datetime(…) in a domain with nothing, and the lines collapse: the page would be wrong.
    import vl_convert

    compiled = vl_convert.vegalite_to_vega(specification(chart))
    assert "datetime(" not in json.dumps(compiled)


def test_an_unknown_suffix_names_the_known(chart: alt.VConcatChart, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"\.gif") as caught:
        write(chart, tmp_path / "figure.gif")
    assert ".svg, .png, .pdf, .html, .json" in str(caught.value)


def test_a_missing_folder_is_said(chart: alt.VConcatChart, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        write(chart, tmp_path / "nowhere" / "figure.json")


def test_a_failed_write_leaves_what_was_there(
    chart: alt.VConcatChart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figure.json"
    path.write_text("before", encoding="utf-8")

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match="No space left"):
        write(chart, path)
    assert path.read_text(encoding="utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["figure.json"]
