"""The document for editors: real footnotes, headings and captions in named styles, pictures in place, and nothing that acts."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from html import unescape
from pathlib import Path
from xml.dom import minidom

import pytest
import vl_convert

from tests.report.test_typeset import PICTURE, TEXT
from tocsin.report.document import docx

DAY = dt.date(2022, 8, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "figure-1.png").write_bytes(vl_convert.svg_to_png(PICTURE))
    return tmp_path


def parts(markdown: str, folder: Path, *, title: str = "A & B", synthetic: bool = False) -> dict[str, str]:
    made = docx(markdown, title=title, synthetic=synthetic, dated=DAY, folder=folder)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        read = {name: archive.read(name) for name in archive.namelist()}
    texts = {name: content.decode() for name, content in read.items() if name.endswith((".xml", ".rels"))}
    for text in texts.values():
        minidom.parseString(text)  # noqa: S318
    return texts | {name: "" for name in read if name not in texts}


def words(xml: str) -> str:
    return unescape("".join(re.findall(r"<w:t[^>]*>([^<]*)</w:t>", xml)))


def test_footnotes_are_real_ones(folder: Path) -> None:
    made = parts(TEXT, folder)
    assert made["word/document.xml"].count("<w:footnoteReference ") == 3
    assert "245.3 incidents a week; events." in words(made["word/footnotes.xml"])
    assert 'Target="events/before.mean.txt"' in made["word/_rels/footnotes.xml.rels"]


def test_headings_captions_and_title_have_styles_that_an_editor_can_change(folder: Path) -> None:
    document = parts("## Findings\n\n" + TEXT.partition("\n\n")[2], folder)["word/document.xml"]
    styles = dict(
        re.findall(r'<w:pStyle w:val="(Title|Heading1|ImageCaption)" ?/>.*?<w:t [^>]*>([^<]*)<', document, re.DOTALL)
    )
    assert styles == {"Title": "A &amp; B", "Heading1": "Findings", "ImageCaption": "Figure 1. All incidents"}


def test_the_words_over_a_called_table_are_kept_with_it_and_other_words_are_not(folder: Path) -> None:
    table = "| a |\n| - |\n| 1 |\n"
    text = f"Table 1. Counts[^c]\n\n{table}\nTables follow.\n\n{table}\n[^c]: So counted."
    made = parts(text, folder)
    captions = re.findall(r'<w:pStyle w:val="TableCaption" ?/></w:pPr>(.*?)</w:p>', made["word/document.xml"])
    assert [words(each) for each in captions] == ["Table 1. Counts"]
    assert "footnoteReference" in captions[0]
    style = re.search(r'w:styleId="TableCaption".*?</w:style>', made["word/styles.xml"], re.DOTALL)
    assert style
    assert "<w:keepNext" in style[0]


def test_notes_are_smaller_than_the_text_and_their_marks_not_of_its_colour(folder: Path) -> None:
    styles = parts(TEXT, folder)["word/styles.xml"]
    for name, says in (("FootnoteText", '<w:sz w:val="18"/>'), ("FootnoteReference", '<w:color w:val="0B4F8A"/>')):
        style = re.search(rf'w:styleId="{name}".*?</w:style>', styles, re.DOTALL)
        assert style
        assert says in style[0]


def test_a_figure_is_its_png(folder: Path) -> None:
    made = parts(TEXT, folder)
    assert [name for name in made if name.startswith("word/media/")] == [
        name for name in made if re.fullmatch(r"word/media/rId\d+\.png", name)
    ]
    assert 'descr="figures/figure-1.png"' in made["word/document.xml"]
    assert not [name for name, text in made.items() if str(folder) in text]


def test_html_is_text_and_other_files_stay_outside(folder: Path) -> None:
    outside = folder.parent / "secret.png"
    outside.write_bytes(vl_convert.svg_to_png(PICTURE))
    text = "<script>alert(1)</script>\n\n<b>bold</b> [x](javascript:alert(1)) ![y](../secret.png) ![z](http://example.org/a.png)"
    made = parts(text, folder)
    assert "<script>alert(1)</script><b>bold</b> x [y] [z]" in words(made["word/document.xml"])
    assert not [name for name in made if name.startswith("word/media/")]
    assert "javascript" not in made["word/_rels/document.xml.rels"]


@pytest.mark.parametrize("synthetic", [True, False])
def test_every_page_has_the_title_its_number_and_the_warning_where_it_is_due(folder: Path, synthetic: bool) -> None:
    made = parts(TEXT, folder, synthetic=synthetic)
    assert (
        words(made["word/header1.xml"]) == ("SYNTHETIC DATA: made up, not real events" if synthetic else "") + "A & B"
    )
    assert 'w:instr="PAGE"' in made["word/footer1.xml"]
    for part, called in (("header1", "rIdHead"), ("footer1", "rIdFoot")):
        assert f'r:id="{called}"' in made["word/document.xml"]
        assert re.search(rf'Id="{called}"[^>]*Target="{part}.xml"', made["word/_rels/document.xml.rels"])
        assert f'PartName="/word/{part}.xml"' in made["[Content_Types].xml"]
    assert '<w:pgSz w:w="11906" w:h="16838"/>' in made["word/document.xml"]


def test_the_title_is_that_of_the_file_which_bears_the_day_of_its_data(folder: Path) -> None:
    made = parts(TEXT, folder)
    core = made["docProps/core.xml"]
    assert "<dc:title>A &amp; B</dc:title>" in core
    assert re.findall(r"W3CDTF\">([^<]*)<", core) == ["2022-08-01T00:00:00Z"] * 2
    assert 'w:val="en-GB"' in made["word/styles.xml"]


def test_the_same_report_gives_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for epoch in ("1000000000", "1500000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)  # pandoc's clock
        made.append(docx(TEXT, title="T", synthetic=False, dated=DAY, folder=folder))
    assert made[0] == made[1]
