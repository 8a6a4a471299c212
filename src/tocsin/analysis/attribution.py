"""How many attacks can nobody attribute, how many do several claim, and how does each group's count hang on contested claims?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.analysis.incidents import ALL
from tocsin.analysis.sampled import random_sample, wilson
from tocsin.schema import Span

ONE, SEVERAL, CONTESTED = "claimed by one", "claimed by several", "contested"
UNCLAIMED, UNIDENTIFIED, UNDECIDED = "unclaimed", "actor unidentified", "undecided"
STATES = (ONE, SEVERAL, CONTESTED, UNCLAIMED, UNIDENTIFIED)
COUNTS: Mapping[str, str] = {state: state.replace(" ", "_") for state in STATES}

_STATE, _PROPOSED, _SOURCE = pl.col("state"), pl.col("proposed"), pl.col("source")
_UNREAD = _STATE.is_null()
# Where nobody has read it: the source says that the actor is unidentified, and the note names nobody; or it names all actors, and the
# note does not say that nobody knows.
_BY_SOURCE = (
    _UNREAD & _SOURCE.eq(UNIDENTIFIED).fill_null(value=False) & _PROPOSED.fill_null(UNIDENTIFIED).eq(UNIDENTIFIED)
)
_OPEN = _STATE.fill_null(UNDECIDED).eq(UNDECIDED)
_NAMED = _UNREAD & _SOURCE.eq("named").fill_null(value=False) & ~_PROPOSED.eq(UNIDENTIFIED).fill_null(value=False)

COUNTED: Mapping[str, pl.Expr] = {
    "reviewed": _STATE.is_not_null(),
    "differing": pl.col("differing"),
    "proposed": _UNREAD & _PROPOSED.is_not_null(),
    **{name: _STATE.eq(state).fill_null(value=False) for state, name in COUNTS.items()},
    "undecided": _OPEN,
    "by_source": _BY_SOURCE,
}
"""Column of `attribution` -> which incidents it counts."""


def attribution(
    incidents: pl.DataFrame, *, spans: Mapping[str, Span], by_type: bool = False, confidence: float = 0.95
) -> pl.DataFrame:
    """The share of incidents that nobody can attribute, with bounds for what is not decided, in each of some spans of days.

    Args:
        incidents: One row an incident, as layers.judged gives: event_date, event_type, state, source, proposed, chances.
        spans: Label -> days.
        by_type: A series for each type of event, after that of all.
        confidence: Of the interval of a sample, between 0 and 1.

    Returns:
        One row a span and series: period (its label), from_date, to_date, series, incidents; reviewed (somebody decided), differing
        (of these, reviewers differ), proposed (nobody decided, and the rules propose something); the number in each state as people
        decided, and undecided (all others); by_source (nobody decided; the source calls an actor unidentified and the note names nobody);
        then shares of one: share_low (decided as unidentified: all undecided ones are attributed), share_high (none of them is),
        word_low and word_high (the same, but where nobody decided the source's word counts, unless the note says otherwise),
        share_source (by the source's columns alone), several_low, several_high (claimed by several; decided as such, and all undecided
        ones with it); sampled (how many are a random sample of these incidents; none where some of them could not be drawn), estimate,
        estimate_low, estimate_high (see `sampled.wilson`; null where fewer than five are). Shares are null where there is no incident.

    Assumes:
        A reviewer's decision is right. For share_low and share_high nothing else; for word_low and word_high also that the source's
        columns are right where the note does not say otherwise in words that the rules see.

    Source:
        Bounds without assumptions on what is missing: Manski (1989), Anatomy of the Selection Problem, Journal of Human Resources 24(3).
    """
    types = incidents["event_type"].drop_nulls().unique().sort().to_list() if by_type else []
    rows = []
    for label, span in spans.items():
        within = incidents.filter(pl.col("event_date").is_between(span.first, span.last))
        for series in (ALL, *types):
            part = within if series == ALL else within.filter(pl.col("event_type") == series)
            rows.append(
                {
                    "period": label,
                    "from_date": span.first,
                    "to_date": span.last,
                    "series": series,
                    **_row(part, confidence),
                }
            )
    return pl.DataFrame(rows, schema=SCHEMA)


def _row(part: pl.DataFrame, confidence: float) -> dict[str, float | int | None]:
    total = part.height
    sums = part.select(named=_NAMED.sum(), **{name: of.sum() for name, of in COUNTED.items()}).row(0, named=True)
    sums = {name: int(number or 0) for name, number in sums.items()}
    unidentified, several = sums[COUNTS[UNIDENTIFIED]], sums[COUNTS[SEVERAL]]

    def share(count: int) -> float | None:
        return count / total if total else None

    drawn = random_sample(part)
    found = drawn.select(unidentified=COUNTED[COUNTS[UNIDENTIFIED]].sum(), open=_OPEN.sum()).row(0, named=True)
    estimate = wilson(
        found["unidentified"],
        found["open"],
        drawn=drawn.height,
        total=total,
        confidence=confidence,
    )
    return {
        "incidents": total,
        **{name: sums[name] for name in COUNTED},
        "share_low": share(unidentified),
        "share_high": share(unidentified + sums["undecided"]),
        "word_low": share(unidentified + sums["by_source"]),
        "word_high": share(unidentified + sums["undecided"] - sums["named"]),
        "share_source": share(int((part["source"].fill_null(UNIDENTIFIED) == UNIDENTIFIED).sum())),
        "several_low": share(several),
        "several_high": share(several + sums["undecided"]),
        "sampled": drawn.height,
        **dict(zip(("estimate", "estimate_low", "estimate_high"), estimate, strict=True)),
    }


SCHEMA: Mapping[str, type[pl.DataType]] = {
    "period": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "series": pl.String,
    **dict.fromkeys(
        ("incidents", "reviewed", "differing", "proposed", *COUNTS.values(), "undecided", "by_source"), pl.Int64
    ),
    **dict.fromkeys(
        ("share_low", "share_high", "word_low", "word_high", "share_source", "several_low", "several_high"), pl.Float64
    ),
    "sampled": pl.Int64,
    **dict.fromkeys(("estimate", "estimate_low", "estimate_high"), pl.Float64),
}


def claimed(incidents: pl.DataFrame, *, spans: Mapping[str, Span], groups: Sequence[str]) -> pl.DataFrame:
    """Each group's count by the source's columns, by claims as people decided, and with and without those that are contested.

    Args:
        incidents: As for `attribution`, with the lists parties, claims, denials, named, doubtful and those that are proposed.
        spans: Label -> days.
        groups: Labels, as they stand in these lists.

    Returns:
        One row a span and group: period, from_date, to_date, group; named (incidents with the group among the source's actors: what
        other questions count), claims, denials (decided), doubtful (claims graded doubtful or worse), shared (claimed by another too),
        contested (of all in with_contested, those contested or claimed by several); with_contested (named by the source, or decided to
        be claimed by it or attributed to it), without_contested (these less the contested); least (without_contested less those that
        nobody decided and whose note proposes a contest), most (with_contested and those that nobody decided and whose note proposes that
        the group did it).

    Assumes:
        As `attribution`. The source's naming of a group as a party counts whether it attacked or was attacked.
    """
    rows = []
    for label, span in spans.items():
        within = incidents.filter(pl.col("event_date").is_between(span.first, span.last))
        for group in groups:
            rows.append(
                {
                    "period": label,
                    "from_date": span.first,
                    "to_date": span.last,
                    "group": group,
                    **_claims(within, group),
                }
            )
    return pl.DataFrame(rows, schema=CLAIMED)


def _claims(within: pl.DataFrame, group: str) -> dict[str, int]:
    counts = within.select(**{name: of.sum() for name, of in claims_counted(group).items()})
    return {name: int(value or 0) for name, value in counts.row(0, named=True).items()}


def claims_counted(group: str) -> dict[str, pl.Expr]:
    """Column of `claimed` -> which incidents it counts for a group."""

    def has(name: str) -> pl.Expr:
        return pl.col(name).list.contains(group)

    counted = has("parties") | has("claims") | has("named")
    disputed = _STATE.is_in([CONTESTED, SEVERAL]).fill_null(value=False)
    proposed = _UNREAD & _PROPOSED.is_in([CONTESTED, SEVERAL]).fill_null(value=False)
    reached = _UNREAD & (has("proposed_claims") | has("proposed_named"))
    return {
        "named": has("parties"),
        "claims": has("claims"),
        "denials": has("denials"),
        "doubtful": has("doubtful"),
        "shared": has("claims") & (pl.col("claims").list.len() > 1),
        "contested": counted & disputed,
        "with_contested": counted,
        "without_contested": counted & ~disputed,
        "least": counted & ~disputed & ~proposed,
        "most": counted | reached,
    }


CLAIMED: Mapping[str, type[pl.DataType]] = {
    "period": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "group": pl.String,
    **dict.fromkeys(
        (
            "named",
            "claims",
            "denials",
            "doubtful",
            "shared",
            "contested",
            "with_contested",
            "without_contested",
            "least",
            "most",
        ),
        pl.Int64,
    ),
}
