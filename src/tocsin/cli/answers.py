"""Commands that answer a question of the catalogue: as a figure or as a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import tell, working
from tocsin.errors import QuestionError, did_you_mean

if TYPE_CHECKING:
    from tocsin.catalogue import Asked

FigureArgument = Annotated[
    str,
    typer.Argument(
        help="weekly, concentration, proximity; how sure: scales, mix, panel, position, placement, dating, agreement, attribution, claims, "
        "initiator, change, watch. What each asks: README.md."
    ),
]
QuestionArgument = Annotated[
    str,
    typer.Argument(
        help="weekly, concentration, spread, proximity, comparison, actors, filters, precision, reporting; how sure: scales, outlets, "
        "mix, panel, position, placement, dating, agreement, attribution, "
        "claims, initiator, change, trend, watch. What each asks: README.md."
    ),
]
GroupOption = Annotated[list[str] | None, typer.Option(help="A group of the desk; several make one line each.")]
ByOption = Annotated[
    str | None, typer.Option(help="A column: one line for each of its values (event_type, admin1, …).")
]
WindowOption = Annotated[list[str] | None, typer.Option(help="A window of the desk; repeat for several.")]
ThresholdOption = Annotated[
    list[float] | None, typer.Option(min=0, help="Distance in km that parts near from far; repeat for more classes.")
]
WeekOption = Annotated[str | None, typer.Option(help="The day on which weeks begin, in English.")]
AverageOption = Annotated[str | None, typer.Option(help="trailing or centred.")]
WeeksOption = Annotated[int | None, typer.Option(min=1, max=104, help="Weeks in the moving average.")]
AgainstOption = Annotated[
    str | None,
    typer.Option(help="Another data set of the desk, or source:NAME: what that source reports, beside the rest."),
]
LastOption = Annotated[int | None, typer.Option("--weeks", min=2, help="How many of the last weeks are looked at.")]
WeightOption = Annotated[
    str | None,
    typer.Option(help="mentions: count each incident as often as reports mention it, by the source's own count."),
]
LevelOption = Annotated[str | None, typer.Option(help="unit_code, or cell_3 (large) to cell_6 (small).")]


@app.command(epilog="Example: tocsin figure weekly --group IS -o weekly.svg")
def figure(
    question: FigureArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A file: .svg .png .pdf .html .json (Vega-Lite) .csv (the numbers)")
    ],
    group: GroupOption = None,
    by: ByOption = None,
    window: WindowOption = None,
    threshold: ThresholdOption = None,
    week_starts: WeekOption = None,
    average: AverageOption = None,
    average_weeks: WeeksOption = None,
    level: LevelOption = None,
    against: AgainstOption = None,
    weeks: LastOption = None,
    weight: WeightOption = None,
    title: Annotated[str, typer.Option(help="Title of the figure.")] = "",
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Draw one figure. The file's suffix says in which form."""
    from tocsin.catalogue import ask, draw, open_desk
    from tocsin.figures.write import write
    from tocsin.report.export import FORMATS, export
    from tocsin.writing import write_whole

    asked = _asked(
        question,
        group=group,
        by=by,
        window=window,
        threshold=threshold,
        week_starts=week_starts,
        average=average,
        average_weeks=average_weeks,
        level=level,
        against=against,
        weeks=weeks,
        weight=weight,
        title=title,
    )
    numbers = output.suffix.lower().lstrip(".") in set(FORMATS) - {"json"}
    with working("counting"), open_desk(desk, dataset=dataset, as_of=day(as_of)) as subject:
        answer = ask(subject, question, asked)
        if numbers:
            write_whole(output, export(answer, form=output.suffix.lower().lstrip(".")))
        else:
            write(draw(subject, question, asked, answer), output)
    tell(f"Wrote {output}.")


@app.command(epilog="Example: tocsin table proximity --threshold 10 --format csv")
def table(
    question: QuestionArgument,
    form: Annotated[str, typer.Option("--format", help="csv, json, parquet or xlsx.")] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file, instead of standard output.")] = None,
    group: GroupOption = None,
    by: ByOption = None,
    window: WindowOption = None,
    threshold: ThresholdOption = None,
    week_starts: WeekOption = None,
    average: AverageOption = None,
    average_weeks: WeeksOption = None,
    level: LevelOption = None,
    against: AgainstOption = None,
    weeks: LastOption = None,
    weight: WeightOption = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Print the numbers that answer one question; what they count is told on standard error."""
    from tocsin.catalogue import ask, open_desk
    from tocsin.report.export import export
    from tocsin.writing import write_whole

    asked = _asked(
        question,
        group=group,
        by=by,
        window=window,
        threshold=threshold,
        week_starts=week_starts,
        average=average,
        average_weeks=average_weeks,
        level=level,
        against=against,
        weeks=weeks,
        weight=weight,
    )
    with working("counting"), open_desk(desk, dataset=dataset, as_of=day(as_of)) as subject:
        answer = ask(subject, question, asked)
        content = export(answer, form=form)
    tell(f"{answer.title}. {answer.subtitle}.")
    for sentence in answer.sentences():
        tell(sentence)
    if output:
        write_whole(output, content)
        return
    if form in ("parquet", "xlsx") and sys.stdout.isatty():
        raise QuestionError(f"{form} is not for a screen", next_step=f"Name a file: -o {question}.{form}")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _asked(
    question: str,
    *,
    group: list[str] | None,
    by: str | None,
    window: list[str] | None,
    threshold: list[float] | None,
    week_starts: str | None,
    average: str | None,
    average_weeks: int | None,
    level: str | None,
    against: str | None,
    weeks: int | None,
    weight: str | None,
    title: str = "",
) -> Asked:
    from tocsin.catalogue import Asked
    from tocsin.desk import WEEKDAYS

    if week_starts and week_starts.capitalize() not in WEEKDAYS:
        raise QuestionError(f'"{week_starts}" is not a day of the week', next_step=did_you_mean(week_starts, WEEKDAYS))
    if by == "group":
        raise QuestionError('"group" is no column to count by', next_step="Name the groups: --group NAME --group NAME")
    if average and average not in ("trailing", "centred"):
        raise QuestionError(f'"{average}" is not a moving average', next_step="It is trailing or centred.")
    several = group is not None and len(group) > 1 and question in ("weekly", "comparison")
    if group and len(group) > 1 and not several:
        raise QuestionError(f'"{question}" takes one group', next_step="Ask once for each.")
    return Asked(
        group=group[0] if group and not several else None,
        groups=tuple(group) if group and several else (),
        by=by,
        windows=tuple(window or ()),
        near_km=tuple(sorted(threshold or ())),
        week_starts=week_starts.capitalize() if week_starts else None,
        average=average,
        average_weeks=average_weeks,
        level=level,
        against=against,
        weeks=weeks,
        weight=weight,
        title=title,
    )
