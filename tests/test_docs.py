"""The docs say what the code does: help texts, keys, examples, links and measured tables are held to it.

What stands between `<!-- made: … -->` and `<!-- end -->` in a page is made from the code. After a change, make it anew:

    .venv/bin/python -m tests.test_docs            (--quick leaves out the tables that take a minute to measure)
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import typer.main
from pydantic import BaseModel
from scripts import show_change

import tocsin
from tests.analysis.measured import (
    SPREAD,
    STAY,
    covered_spread,
    nowcast_table,
    sparse_table,
    spread_limits_table,
    spread_table,
)
from tocsin.analysis.comparison import compare_series
from tocsin.cli import app
from tocsin.desk import (
    Choices,
    Dating,
    Definition,
    Desk,
    Figure,
    Group,
    Marker,
    Places,
    Position,
    Spark,
    Window,
    read_desk,
)
from tocsin.ingest import add
from tocsin.simulate import afghanistan, weekly_counts

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
SEED = 20210815
AGAIN = "Make it anew: .venv/bin/python -m tests.test_docs"


# The command line


def help_texts() -> str:
    """The help of every command, eighty columns wide whatever the terminal is: nothing of this machine's settings gets in."""
    show = (
        "import sys; from tocsin.cli import app\n"
        "for name in [[], *([each] for each in sys.argv[1:])]:\n"
        "    app([*name, '--help'], prog_name='tocsin', standalone_mode=False); print('\\f')"
    )
    done = subprocess.run(
        [sys.executable, "-c", show, *COMMANDS],
        env={"COLUMNS": "80", "TERM": "dumb", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    texts = ["\n".join(line.rstrip() for line in text.strip("\n").splitlines()) for text in done.stdout.split("\f")]
    names = ["tocsin", *(f"tocsin {name}" for name in COMMANDS)]
    return "\n\n".join(
        f"## {name}\n\n```text\n{text.strip(chr(10))}\n```" for name, text in zip(names, texts, strict=False)
    )


def test_the_page_of_the_command_line_is_what_help_says() -> None:
    assert made_part("command-line.md", "help") == help_texts(), AGAIN


def commands_shown() -> list[tuple[str, list[str]]]:
    shown = []
    for page in PAGES:
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            for line in block.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words[:1] == ["tocsin"]:
                    shown.append((page.name, words[1:]))
    examples = [each.epilog.removeprefix("Example: tocsin ") for each in COMMANDS.values()]
    return [*shown, *(("--help", shlex.split(example)) for example in examples)]


@pytest.mark.parametrize(("page", "words"), commands_shown(), ids=lambda value: str(value)[:60])
def test_commands_in_the_docs_exist(page: str, words: list[str]) -> None:
    command = COMMANDS[words[0]]
    options = {name for each in command.params for name in each.opts}
    assert {word for word in words[1:] if re.match(r"--?[a-z]", word)} <= options


# desk.toml

# Heading of docs/desk.md -> the model whose keys stand below it.
SECTIONS: Mapping[str, type[BaseModel]] = {
    "At the top": Desk,
    "[definition]": Definition,
    "[period] and [windows.NAME]": Window,
    "[groups.NAME]": Group,
    "[[markers]]": Marker,
    "[[figures]]": Figure,
    "[places]": Places,
    "[choices]": Choices,
    "[position]": Position,
    "[dating]": Dating,
    "[spark]": Spark,
}
TABLES_OF_DESK = {
    "period",
    "definition",
    "windows",
    "groups",
    "markers",
    "figures",
    "places",
    "choices",
    "position",
    "dating",
    "spark",
    "folder",
}


def documented(heading: str) -> dict[str, str]:
    """Key -> default, from the table below a heading of docs/desk.md."""
    text = (DOCS / "desk.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.M)
    below = next(part for part in section if part.splitlines()[0].replace("`", "") == heading)
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", below, re.M))


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_desk_is_documented_with_its_default(heading: str) -> None:
    model = SECTIONS[heading]
    fields = {
        name: field for name, field in model.model_fields.items() if model is not Desk or name not in TABLES_OF_DESK
    }
    written = documented(heading)
    assert set(written) == set(fields)
    for name, field in fields.items():
        default = field.default
        said = "required" if field.is_required() else "–" if default in (None, (), "") else f"`{json.dumps(default)}`"
        assert written[name] == said, name


def test_every_table_of_a_desk_has_a_section() -> None:
    headings = " ".join(SECTIONS)
    assert all(name in headings for name in TABLES_OF_DESK - {"folder"})
    assert set(Desk.model_fields) >= TABLES_OF_DESK


def test_the_example_desk_can_be_read(tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", (DOCS / "desk.md").read_text(encoding="utf-8"), re.M | re.S)
    (tmp_path / "desk.toml").write_text("\n".join(blocks), encoding="utf-8")
    desk = read_desk(tmp_path)
    assert desk.compared == ("before", "after")
    for name, model in (("groups", Group), ("windows", Window)):
        assert all(isinstance(each, model) for each in getattr(desk, name).values())


# What is shown of real data


def test_the_readme_shows_what_the_real_file_gives(tmp_path: Path) -> None:
    file = ROOT / ".." / "shared" / "data" / "ucdp_ged" / "syria_2016_2019.csv"
    if not file.exists():
        pytest.skip("real data are not here: ../shared/data/ucdp_ged/syria_2016_2019.csv")
    (tmp_path / "desk.toml").write_text('title = "Syria"\ncountries = ["SYR"]\n', encoding="utf-8")
    loaded = add(read_desk(tmp_path), file).vintage
    said = f"{loaded.rows:,} rows read = {loaded.events:,} events + {loaded.rejects:,} set aside.\nNew {loaded.added:,}, changed"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")


# The notebook


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the synthetic desk, of one event in ten so that it is quick."""
    place = tmp_path_factory.mktemp("notebook")
    desk = place / "desks" / "afghanistan-2022"
    desk.mkdir(parents=True)
    shutil.copy(ROOT / "desks" / "afghanistan-2022" / "desk.toml", desk)
    afghanistan().gather_every(10).write_csv(desk / "simulated.csv")
    add(read_desk(desk), desk / "simulated.csv", dated=dt.date(2022, 8, 1))
    return place


def test_the_notebook_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "notebook.md").read_text(encoding="utf-8"), re.M | re.S)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/notebook.md", "exec"), names)  # noqa: S102 (our own page)
    assert len(blocks) > 4
    assert {path.suffix for path in workplace.glob("weekly.*")} == {".svg", ".parquet"}


def questions_table() -> str:
    head = "| question | arguments of `tocsin.Asked` | figure |\n| --- | --- | --- |"
    rows = [
        f"| `{each.name}` | {', '.join(f'`{name}`' for name in each.arguments)} | {'yes' if each.figure else 'no'} |"
        for each in tocsin.QUESTIONS
    ]
    return "\n".join([head, *rows])


def test_the_notebook_knows_the_questions_and_all_that_is_public() -> None:
    assert made_part("notebook.md", "questions") == questions_table(), AGAIN
    text = (DOCS / "notebook.md").read_text(encoding="utf-8")
    assert [name for name in tocsin.__all__ if f"tocsin.{name}" not in text] == []


# Measured tables

Means = tuple[float, float]
COMPARED: tuple[tuple[Means, float, float], ...] = tuple(
    (means, dispersion, memory)
    for means in ((256, 53.5), (10, 10), (1, 0.5))
    for dispersion in (0.05, 0.5)
    for memory in (0, 0.5, 0.8)
)


def covered_comparison(means: Means, dispersion: float, memory: float, *, weeks: int, series: int) -> tuple[float, ...]:
    """Shares of simulated series whose 95 per cent interval holds the planted ratio, difference and earlier mean."""
    rng = np.random.default_rng(SEED)
    truth = {"ratio": means[1] / means[0], "difference": means[1] - means[0], "before": means[0]}
    held: dict[str, list[bool]] = {name: [] for name in truth}
    for _ in range(series):
        sides = [
            weekly_counts(weeks=weeks, mean=mean, dispersion=dispersion, autocorrelation=memory, rng=rng)
            for mean in means
        ]
        row = compare_series("x", *(side.astype(np.float64) for side in sides))
        for name, value in truth.items():
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            if isinstance(low, float) and isinstance(high, float):
                held[name].append(low <= value <= high)
    return tuple(float(np.mean(each)) for each in held.values())


def comparison_line(case: tuple[Means, float, float]) -> str:
    means, dispersion, memory = case
    shares = [covered_comparison(*case, weeks=weeks, series=1000) for weeks in (46, 104)]
    named = f"{means[0]:g} → {means[1]:g} | {dispersion:g} | {memory:g}"
    return f"| {named} | {' | '.join(f'{share:.1%}' for each in shares for share in each)} |"


def comparison_table() -> str:
    head = (
        "| means | dispersion | memory | ratio, 46 weeks | difference | mean | ratio, 104 weeks | difference | mean |"
    )
    return "\n".join([head, "|" + " --- |" * 9, *map(comparison_line, COMPARED)])


def percents(page: str, name: str, line: int) -> list[float]:
    row = made_part(page, name).splitlines()[2 + line]
    return [float(number) / 100 for number in re.findall(r"([\d.]+)%", row)]


# Chance moves a share of 400 series by about one point (at 95 per cent) to two and a half (at 50).


def test_the_measured_coverage_of_the_comparison_holds() -> None:
    line = COMPARED.index(((256, 53.5), 0.05, 0.8))
    found = covered_comparison(*COMPARED[line], weeks=46, series=400)
    assert found == pytest.approx(percents("methods/comparison.md", "coverage", line)[:3], abs=0.04), AGAIN


def test_the_measured_coverage_of_the_concentration_holds() -> None:
    line = SPREAD.index((34, 10.0, STAY))
    found = covered_spread(34, 10.0, STAY, weeks=46, series=400)[:2]
    assert found == pytest.approx(percents("methods/concentration.md", "coverage", line)[:2], abs=0.06), AGAIN


@pytest.mark.parametrize("name", ["alarms", "one-change", "held", "watch", "power"])
def test_the_tables_of_change_are_those_that_were_measured(name: str) -> None:
    assert made_part("methods/change.md", name) == MADE["methods/change.md", name](), AGAIN


# Pages, links and versions


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    lost = [target for target in targets if target and ":" not in target and not (page.parent / target).exists()]
    assert lost == []


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r":\s+([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M)
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_picture_is_small() -> None:
    assert (DOCS / "picture.png").stat().st_size < 300_000


def test_the_version_is_the_same_everywhere() -> None:
    assert f"\nversion: {tocsin.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'\nversion = "{tocsin.__version__}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## [{tocsin.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# Made parts

MADE: Mapping[tuple[str, str], Callable[[], str]] = {
    ("command-line.md", "help"): help_texts,
    ("notebook.md", "questions"): questions_table,
    ("methods/comparison.md", "coverage"): comparison_table,
    ("methods/concentration.md", "coverage"): spread_table,
    ("methods/concentration.md", "limits"): spread_limits_table,
    ("methods/concentration.md", "sparse"): sparse_table,
    ("methods/revisions.md", "coverage"): nowcast_table,
    ("methods/change.md", "alarms"): show_change.alarms_table,
    ("methods/change.md", "one-change"): show_change.one_change_table,
    ("methods/change.md", "held"): show_change.held_table,
    ("methods/change.md", "watch"): show_change.watch_table,
    ("methods/change.md", "power"): show_change.power_table,
}


def _part(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- made: {name} -->\n\n)(.*?)(\n\n<!-- end -->)", re.S)


def made_part(page: str, name: str) -> str:
    found = _part(name).search((DOCS / page).read_text(encoding="utf-8"))
    assert found, f"{page} has no part “{name}”"
    return found[2]


if __name__ == "__main__":
    quick = "--quick" in sys.argv  # all but what takes long to measure
    for (page, name), make in MADE.items():
        if quick and name in ("coverage", "limits"):
            continue
        path = DOCS / page
        text = make()
        path.write_text(
            _part(name).sub(lambda found, text=text: found[1] + text + found[3], path.read_text(encoding="utf-8")),  # type: ignore[misc]
            encoding="utf-8",
        )
        print(f"{page}: {name}", file=sys.stderr)
