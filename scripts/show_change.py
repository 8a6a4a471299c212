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

UNRESTS = {
    (0.0, 0.0): "chance alone",
    (0.5, 0.4): "bursty (0.5), moderate memory (0.4)",
    (0.5, 0.7): "bursty (0.5), strong memory (0.7)",
}
HEIGHT, WIDTH, GAP, TITLED, LEFT = 150.0, 134.0, 12.0, 22.0, 26.0
SERIES = 1000
"""Of a cell, where nothing else is said."""
TICKS = (1.2, 1.5, 2.0, 3.0, 4.0)


def measured() -> pl.DataFrame:
    return pl.read_csv(METHODS / "data/change.csv")


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def null_table(*things: tuple[str, str, int | None], heads: Sequence[str]) -> str:
    """A row for each unrest and mean.

    Args:
        things: What was asked, what was measured, and of series of how many weeks; None for any.
        heads: Of their columns.
    """
    found = measured()
    rows = []
    for (dispersion, memory), named in UNRESTS.items():
        for mean in (1.0, 10.0, 250.0):
            cell = found.filter(mean=mean, dispersion=dispersion, memory=memory)
            each = []
            for asked, what, weeks in things:
                row = cell.filter(asked=asked, measured=what)
                each.append(_share(row if weeks is None else row.filter(weeks=weeks)))
            if set(each) != {"–"}:
                rows.append([named, f"{mean:g}", *each])
    return lines(["unrest", "mean a week", *heads], rows)


def _share(row: pl.DataFrame) -> str:
    if row.is_empty():
        return "–"
    share, low, high, of = row.select("share", "low", "high", "of").row(0)
    fewer = "" if of == SERIES else f" of {of:,}"
    return f"{100 * share:.1f}{fewer} ({100 * low:.1f}–{100 * high:.1f})"


def alarms_table() -> str:
    """How often a change or a trend is told of series that have none."""
    things = [("change", "told", 60), ("change", "told", 200), ("trend", "told", 13), ("trend", "told", 26)]
    return null_table(*things, heads=["change, 60 weeks", "change, 200 weeks", "trend, 13 weeks", "trend, 26 weeks"])


def one_change_table() -> str:
    """What is told of series with one change, and how often its intervals hold the truth."""
    heads = ["told", "told more than one", "date held", "ratio held"]
    things = [("one change", what, None) for what in ("told", "told more", "date held", "ratio held")]
    return null_table(*things, heads=heads)


def held_table() -> str:
    """How often the intervals of a ratio of two windows and of a slope hold the truth."""
    things = [("comparison", "ratio held", None), ("trend", "slope held", 13), ("trend", "slope held", 26)]
    return null_table(*things, heads=["ratio of two windows", "slope, 13 weeks", "slope, 26 weeks"])


def watch_table() -> str:
    """How often a look at units of which none changes has an alarm."""
    return null_table(("watch", "told", None), heads=["looks with an alarm"])


def power_table() -> str:
    """The chance to find a change, a trend or a jump, by its size."""
    found = measured().filter(measured="told").filter(pl.col("asked").str.starts_with("power of "))
    rows = []
    for cell in found.sort("asked", "mean", "after").partition_by(
        "asked", "weeks", "mean", "after", maintain_order=True
    ):
        asked, weeks, mean, after = cell.select("asked", "weeks", "mean", "after").row(0)
        asked = asked.removeprefix("power of ")
        shares = dict(cell.select("factor", "share").iter_rows())
        said = (f"{shares[factor]:.0%}" if factor in shares else "–" for factor in TICKS)
        rows.append([asked, f"{weeks if asked == 'trend' else after}", f"{mean:g}", *said])
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
        _panel(trend, title="trend over 13 weeks", names=by_rate),
        _panel(found.filter(asked="power of watch"), title="watch, one of 34 units", names=by_rate),
    ]
    rows = [alt.hconcat(*each, spacing=GAP) for each in (upper, lower)]
    series = int(change["of"][0])
    return framed(
        alt.vconcat(*rows, spacing=8),
        caption=Caption(
            title="How large must a rise be to be found?",
            subtitle="Share of simulated series in which it is told, per cent, by the factor of the rise",
            notes=(
                f"Negative binomial counts, dispersion 0.1, memory 0.4; {series} series a point. Upper row: one rise, so many "
                "weeks before the end, after 104 weeks. Lower row: the level grows steadily by the factor over 13 weeks after 104 at "
                "one level, or jumps by it in the last four weeks of one unit.",
                "Bars: 95 per cent interval of the share. Line: 50 per cent.",
            ),
            source="scripts/measure_change.py",
            synthetic=False,
        ),
        data={},
        left=LEFT,
    )


def _panel(table: pl.DataFrame, *, title: str, names: Mapping[str, pl.Expr]) -> alt.LayerChart:
    """Curves over the factor, each named where it ends."""
    x = alt.X(
        "factor:Q",
        scale=alt.Scale(type="log", domain=[1.12, 4.15]),
        axis=alt.Axis(values=list(TICKS), format="~g", labelOverlap=False, title=None, grid=False),
    )
    scale = alt.Scale(domain=[0, 1], nice=False)
    y = alt.Y(
        "share:Q", scale=scale, axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr="datum.value * 100", title=None)
    )
    layers = [stroke(x=0, x2=WIDTH, y=HEIGHT / 2, color=theme.RULE, strokeWidth=1)]
    ends = []
    names = {name: chosen for name, chosen in names.items() if table.filter(chosen).height}
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
