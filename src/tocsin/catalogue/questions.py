"""The tuple of questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.analysis import trend, watch
from tocsin.catalogue.answers.agreement import answer_agreement
from tocsin.catalogue.answers.change import answer_change, answer_trend, answer_watch
from tocsin.catalogue.answers.coverage import answer_mix, answer_outlets, answer_panel, answer_scales
from tocsin.catalogue.answers.dating import answer_dating
from tocsin.catalogue.answers.incidents import (
    answer_actors,
    answer_comparison,
    answer_concentration,
    answer_filters,
    answer_precision,
    answer_proximity,
    answer_reporting,
    answer_spread,
    answer_weekly,
)
from tocsin.catalogue.answers.layers import answer_attribution, answer_claims, answer_initiator
from tocsin.catalogue.answers.place import answer_placement, answer_position
from tocsin.catalogue.subject import Answer, Asked, Subject
from tocsin.errors import QuestionError, did_you_mean


@dataclass(frozen=True)
class Question:
    """One entry of the catalogue."""

    name: str
    asks: str
    arguments: tuple[str, ...]
    """Which of Asked's arguments it heeds."""
    columns: tuple[str, ...]
    """Columns of the event contract that it can not do without."""
    answer: Callable[[Subject, Asked], Answer]
    figure: bool
    """Whether it has a figure; see catalogue.drawn."""
    example: str
    either: tuple[str, ...] = ()
    """Columns of which it needs one: the first by itself, another where it is asked `by` that."""
    two_windows: bool = False
    """Whether it compares two windows, no more and no fewer."""
    least_weeks: int = 0
    """How many whole weeks the data must cover; 0 where single days are of use to it."""
    of_period: bool = False
    """Whether it is of the whole period where no window is named."""
    all_groups: bool = False
    """Whether it is of all of the desk's groups where none is named."""
    needs_groups: bool = False
    """Whether it can not be asked of a desk without groups."""
    layer: str = ""
    """The reviewed layer that it rests on."""
    parts: tuple[str, ...] = ()
    """Parts of desk.toml that it alone rests on."""


_TIME = ("week_starts", "average", "average_weeks")

QUESTIONS: tuple[Question, ...] = (
    Question(
        name="weekly",
        asks="How many incidents a week, in all, by group of actors, by event type or by any column?",
        arguments=("group", "groups", "by", "weight", *_TIME),
        columns=("event_date", "event_type", "country"),
        answer=answer_weekly,
        figure=True,
        example="tocsin figure weekly --group IS -o weekly.svg",
        least_weeks=1,
    ),
    Question(
        name="concentration",
        asks="Where did incidents take place, in one window or two, by cell or first-order unit?",
        arguments=("group", "windows", "level", "weight"),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_concentration,
        figure=True,
        example="tocsin table concentration --level unit_code --format csv",
    ),
    Question(
        name="spread",
        asks="How concentrated are the incidents: share of the top places and Gini coefficient, with intervals?",
        arguments=("group", "windows", "level", "week_starts"),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_spread,
        figure=False,
        example="tocsin table spread --level unit_code",
    ),
    Question(
        name="proximity",
        asks="How far from the nearest capital of a first-order unit?",
        arguments=("group", "near_km", "weight", *_TIME),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_proximity,
        figure=True,
        example="tocsin table proximity --threshold 10 --format csv",
        least_weeks=1,
    ),
    Question(
        name="comparison",
        asks="More or less violent? Weekly means of two windows, their ratio and difference, with intervals.",
        arguments=("group", "groups", "windows", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_comparison,
        figure=False,
        example="tocsin table comparison --format json",
        two_windows=True,
        least_weeks=1,
        all_groups=True,
    ),
    Question(
        name="actors",
        asks="Who is named, and in how many incidents?",
        arguments=("group", "weight"),
        columns=("event_date", "event_type", "country", "actor1"),
        answer=answer_actors,
        figure=False,
        example="tocsin table actors",
    ),
    Question(
        name="filters",
        asks="What does each filter of the definition remove?",
        arguments=("group",),
        columns=("event_date", "event_type", "country"),
        answer=answer_filters,
        figure=False,
        example="tocsin table filters",
    ),
    Question(
        name="precision",
        asks="How precisely are incidents placed and dated?",
        arguments=("group", "windows"),
        columns=("event_date", "event_type", "country"),
        answer=answer_precision,
        figure=False,
        example="tocsin table precision",
    ),
    Question(
        name="reporting",
        asks="Who reported: what share of incidents do new media report, as the only source or among others?",
        arguments=("group", "windows"),
        columns=("event_date", "event_type", "country", "source_scale"),
        answer=answer_reporting,
        figure=False,
        example="tocsin table reporting",
    ),
    Question(
        name="scales",
        asks="Who reported, over time: the share of each source scale, or of each named source (by = source)?",
        arguments=("group", "by", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_scales,
        figure=True,
        example="tocsin figure scales -o scales.svg",
        either=("source_scale", "source"),
    ),
    Question(
        name="outlets",
        asks="Which sources came and which went between two windows?",
        arguments=("group", "by", "windows"),
        columns=("event_date", "event_type", "country"),
        answer=answer_outlets,
        figure=False,
        example="tocsin table outlets",
        either=("source_scale", "source"),
        two_windows=True,
    ),
    Question(
        name="mix",
        asks="When did the mix of sources break?",
        arguments=("group", "by", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_mix,
        figure=True,
        example="tocsin table mix",
        either=("source_scale", "source"),
    ),
    Question(
        name="panel",
        asks="What is left of the trend on the same sources, and which way does the change of sources lean?",
        arguments=("group", "by", "windows", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_panel,
        figure=True,
        example="tocsin figure panel -o panel.svg",
        either=("source_scale", "source"),
        two_windows=True,
        least_weeks=1,
    ),
    Question(
        name="position",
        asks="How near to a capital, by every threshold, if points may err; and is a change settled?",
        arguments=("group", "windows"),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_position,
        figure=True,
        example="tocsin figure position -o position.svg",
        parts=("position",),
    ),
    Question(
        name="placement",
        asks="What is left of the map when incidents are spread over where each may have been?",
        arguments=("group", "windows", "level"),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_placement,
        figure=True,
        example="tocsin table placement --level unit_code",
        parts=("position",),
    ),
    Question(
        name="dating",
        asks="How much of the weekly line is made by the rules by which events are dated?",
        arguments=("group", *_TIME),
        columns=("event_date", "event_type", "country"),
        answer=answer_dating,
        figure=True,
        example="tocsin figure dating -o dating.svg",
        least_weeks=1,
        parts=("dating",),
    ),
    Question(
        name="agreement",
        asks="Does another data set, or another source, tell the same? Levels, changes, how they move together, where they part.",
        arguments=("against", "group", "groups", "windows", *_TIME),
        columns=("event_date", "event_type", "country"),
        answer=answer_agreement,
        figure=True,
        example="tocsin table agreement --against source:SOHR",
        two_windows=True,
        least_weeks=1,
        all_groups=True,
    ),
    Question(
        name="attribution",
        asks="Which share can nobody attribute, by the reviewed layer and by what the columns say, with bounds?",
        arguments=("group", "by", "windows", "week_starts"),
        columns=("event_date", "event_type", "country", "actor1"),
        answer=answer_attribution,
        figure=True,
        example="tocsin figure attribution -o attribution.svg",
        of_period=True,
        all_groups=True,
        layer="attribution",
    ),
    Question(
        name="claims",
        asks="How many incidents has each group, with and without contested claims?",
        arguments=("groups", "windows"),
        columns=("event_date", "event_type", "country", "actor1"),
        answer=answer_claims,
        figure=True,
        example="tocsin table claims",
        of_period=True,
        all_groups=True,
        needs_groups=True,
        layer="attribution",
    ),
    Question(
        name="initiator",
        asks="Who began it: the share begun by each group, with bounds for the undecided?",
        arguments=("group", "by", "groups", "windows"),
        columns=("event_date", "event_type", "country", "actor1"),
        answer=answer_initiator,
        figure=True,
        example="tocsin table initiator",
        of_period=True,
        all_groups=True,
        needs_groups=True,
        layer="initiator",
    ),
    Question(
        name="change",
        asks="When did the level of the weekly count change, by how much, and could chance have done it?",
        arguments=("group", "groups", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_change,
        figure=True,
        example="tocsin figure change -o change.svg",
        least_weeks=1,
    ),
    Question(
        name="trend",
        asks="Did the weekly count rise or fall over the last weeks, and could chance have done it?",
        arguments=("group", "groups", "weeks", "week_starts"),
        columns=("event_date", "event_type", "country"),
        answer=answer_trend,
        figure=False,
        example="tocsin table trend --weeks 13",
        least_weeks=trend.USUAL_WEEKS,
    ),
    Question(
        name="watch",
        asks="Which first-order units have unusually many incidents now, with few false alarms among all of them?",
        arguments=("group", "weeks", "week_starts"),
        columns=("event_date", "event_type", "country", "longitude", "latitude"),
        answer=answer_watch,
        figure=True,
        example="tocsin figure watch -o watch.svg",
        least_weeks=watch.LEAST_WEEKS,
    ),
)


def ask(subject: Subject, question: str, asked: Asked) -> Answer:
    """The answer to a question of the catalogue.

    Raises:
        QuestionError: no such question, an argument that it does not heed, or one that these data can not answer.
    """
    return heeding(question, asked).answer(subject, asked)


def heeding(question: str, asked: Asked) -> Question:
    """The entry of that name, which heeds all that is asked.

    Raises:
        QuestionError: no such question, or an argument that it does not heed.
    """
    entry = find(question)
    given = {name for name, value in vars(asked).items() if value not in (None, (), "")}
    strange = sorted(given - {*entry.arguments, "title"})
    if strange == ["weight"]:
        weighed = ", ".join(each.name for each in QUESTIONS if "weight" in each.arguments)
        raise QuestionError(
            f'the question "{question}" takes no weight: ten mentions of one incident are not ten observations',
            next_step=f"Weighed are those that only count: {weighed}.",
        )
    if strange:
        raise QuestionError(
            f'the question "{question}" has no argument "{strange[0]}"',
            next_step=did_you_mean(strange[0], entry.arguments),
        )
    return entry


def draw(subject: Subject, question: str, asked: Asked, answer: Answer) -> Any:
    """The figure of an answer: an Altair chart.

    Raises:
        QuestionError: the question has a table but no figure.
    """
    entry = find(question)
    if not entry.figure:
        drawn = [each.name for each in QUESTIONS if each.figure]
        raise QuestionError(f'the question "{question}" has no figure', next_step=f"Figures: {', '.join(drawn)}.")
    from tocsin.catalogue.drawn import DRAWN  # noqa: PLC0415 (plotting takes long to import, and most commands draw nothing)

    return DRAWN[question](subject, asked, answer)


def find(name: str) -> Question:
    """The entry of that name.

    Raises:
        QuestionError: there is none; with the nearest names.
    """
    for entry in QUESTIONS:
        if entry.name == name:
            return entry
    raise QuestionError(
        f'there is no question "{name}"', next_step=did_you_mean(name, [each.name for each in QUESTIONS])
    )
