"""The tables and the figure of docs/methods/change.md, from what scripts/measure_change.py has measured.

python scripts/show_change.py     (draws docs/methods/power.svg; the tables: python -m tests.test_docs --quick)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import altair as alt
import polars as pl

from tocsin.figures import theme
from tocsin.figures.caption import Caption, framed
from tocsin.figures.fixed import LINE, stroke, together, words
from tocsin.figures.placing import spread
from tocsin.figures.write import write

METHODS = Path(__file__).resolve().parents[1] / "docs/methods"

UNRESTS = {(0.0, 0.0): "chance alone", (0.5, 0.4): "moderate memory", (0.5, 0.7): "strong memory"}
HEIGHT, WIDTH, GAP, TITLED = 150.0, 150.0, 74.0, 22.0
TICKS = (1.2, 1.5, 2.0, 3.0, 4.0)


def measured() -> pl.DataFrame:
    return pl.read_csv(METHODS / "data/change.csv")


def shares(table: pl.DataFrame) -> str:
    """Of each row in order, its share with its interval."""
    return " | ".join(
        f"{share:.1%} ({100 * low:.1f}–{100 * high:.1f})"
        for share, low, high in table.select("share", "low", "high").iter_rows()
    )


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def alarms_table() -> str:
    """How often a change or a trend is told of series that have none."""
    found = measured().filter(measured="told")
    asked = [("change", 60), ("change", 200), ("trend", 13), ("trend", 26)]
    rows = []
    for (dispersion, memory), named in UNRESTS.items():
        for mean in found["mean"].filter(found["asked"] == "change").unique().sort():
            cells = [
                found.filter(asked=question, weeks=weeks, mean=mean, dispersion=dispersion, memory=memory)
                for question, weeks in asked
            ]
            rows.append([f"{named} ({dispersion:g}, {memory:g})", f"{mean:g}", *map(shares, cells)])
    head = ["unrest (dispersion, memory)", "mean a week", *(f"{question}, {weeks} weeks" for question, weeks in asked)]
    return lines(head, rows)


def second_table() -> str:
    """What is told of series with one change."""
    return _by_cell("one change", ["told", "told more", "date held", "ratio held"])


def ratio_table() -> str:
    """How often intervals of ratios and slopes hold the truth."""
    found = measured()
    rows = []
    for (dispersion, memory), named in UNRESTS.items():
        for mean in (1.0, 10.0, 250.0):
            cell = found.filter(mean=mean, dispersion=dispersion, memory=memory)
            ratio = cell.filter(asked="comparison", measured="ratio held")
            slopes = cell.filter(asked="trend", measured="slope held").sort("weeks")
            rows.append([f"{named} ({dispersion:g}, {memory:g})", f"{mean:g}", shares(ratio), shares(slopes)])
    return lines(["unrest (dispersion, memory)", "mean a week", "ratio", "slope, 13 weeks", "slope, 26 weeks"], rows)


def watch_table() -> str:
    """How often a look at units of which none changes has an alarm."""
    return _by_cell("watch", ["told"])


def _by_cell(asked: str, things: Sequence[str]) -> str:
    found = measured().filter(asked=asked)
    rows = []
    for mean, dispersion, memory in (
        found.select("mean", "dispersion", "memory").unique(maintain_order=True).iter_rows()
    ):
        cell = found.filter(mean=mean, dispersion=dispersion, memory=memory)
        each = [shares(cell.filter(measured=thing)) or "–" for thing in things]
        rows.append([f"{UNRESTS[dispersion, memory]} ({dispersion:g}, {memory:g})", f"{mean:g}", *each])
    return lines(["unrest (dispersion, memory)", "mean a week", *things], rows)


def power_table() -> str:
    """The chance to find a change, a trend or a jump, by its size."""
    found = measured().filter(measured="told").filter(pl.col("asked").str.starts_with("power of "))
    rows = []
    keys = ["asked", "weeks", "after", "mean"]
    for cell in found.partition_by(keys, maintain_order=True):
        first = cell.row(0, named=True)
        asked = first["asked"].removeprefix("power of ")
        weeks = first["weeks"] if asked == "trend" else first["after"]
        rows.append(
            [asked, f"{weeks}", f"{first['mean']:g}", *(f"{share:.0%}" for share in cell.sort("factor")["share"])]
        )
    return lines(["asked", "weeks", "mean a week", *(f"× {factor:g}" for factor in TICKS)], rows)


def figure() -> alt.VConcatChart:
    """Six panels of power curves."""
    found = measured().filter(measured="told")
    change = found.filter(asked="power of change")
    rates = [("1", 1.0), ("10", 10.0), ("250", 250.0)]
    upper = [
        _panel(
            change.filter(mean=mean),
            title=f"change, {named} a week" + (" before" if mean == 1 else ""),
            names={f"{weeks} weeks": pl.col("after") == weeks for weeks in (26, 13, 8, 4)},
        )
        for named, mean in rates
    ]
    by_rate = {f"{named} a week": pl.col("mean") == mean for named, mean in reversed(rates)}
    trend = found.filter(asked="power of trend")
    lower = [
        _panel(trend.filter(weeks=13), title="trend over 13 weeks", names=by_rate),
        _panel(trend.filter(weeks=26), title="trend over 26 weeks", names=by_rate),
        _panel(found.filter(asked="power of watch"), title="watch, one of 34 units", names=by_rate),
    ]
    rows = [alt.hconcat(*each, spacing=0) for each in (upper, lower)]
    series = change["of"].max()
    return framed(
        alt.vconcat(*rows, spacing=8),
        caption=Caption(
            title="How large must a rise be to be found?",
            subtitle="Share of simulated series in which it is told, per cent, by the factor of the rise",
            notes=(
                f"Negative binomial counts, dispersion 0.1, memory 0.4; {series} series a point. Upper row: one rise, so many weeks before the "
                "end, after 104 weeks. Lower row: the level grows steadily by the factor over the weeks, or jumps by it in the last four.",
                "Bars: 95 per cent interval of the share. Line: 50 per cent.",
            ),
            source="scripts/measure_change.py",
            synthetic=False,
        ),
        data={},
    )


def _panel(table: pl.DataFrame, *, title: str, names: Mapping[str, pl.Expr]) -> alt.LayerChart:
    """Curves over the factor, each named where it ends."""
    x = alt.X(
        "factor:Q",
        scale=alt.Scale(type="log", domain=[1.15, 4.1]),
        axis=alt.Axis(values=list(TICKS), format="~g", labelExpr="'× ' + datum.label", title=None, grid=False),
    )
    scale = alt.Scale(domain=[0, 1], nice=False)
    y = alt.Y(
        "share:Q", scale=scale, axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr="datum.value * 100", title=None)
    )
    layers = [stroke(x=0, x2=WIDTH, y=HEIGHT / 2, color=theme.RULE, strokeWidth=1)]
    ends = []
    for index, chosen in enumerate(names.values()):
        look, rows = theme.style(index), table.filter(chosen).sort("factor").to_dicts()
        base = alt.Chart(alt.InlineData(values=rows))
        layers += [
            base.mark_rule(color=look.colour, opacity=0.45, strokeWidth=2).encode(
                x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"
            ),
            base.mark_line(color=look.colour, strokeDash=list(look.dash), strokeWidth=2).encode(x=x, y=y),
        ]
        ends.append(HEIGHT * (1 - rows[-1]["share"]))
    tops = spread(ends, heights=[LINE] * len(ends), low=-LINE / 2, high=HEIGHT + LINE / 2)
    for index, (name, top) in enumerate(zip(names, tops, strict=True)):
        ink = theme.style(index).ink
        layers.append(words([name], x=WIDTH + 5, y=top + LINE / 2, baseline="middle", color=ink, fontWeight="bold"))
    layers.append(words([title], x=0, y=-TITLED, fontWeight="bold"))
    return together(*layers, width=WIDTH, height=HEIGHT)


if __name__ == "__main__":
    write(figure(), METHODS / "power.svg")
