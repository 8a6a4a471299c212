"""Who began it? The share of incidents that each group began, with bounds for those of which it is not decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.analysis.incidents import ALL
from tocsin.analysis.sampled import random_sample, wilson
from tocsin.schema import Span

OTHERS = "Others"
UNDECIDED = "undecided"


def initiator(
    incidents: pl.DataFrame,
    *,
    spans: Mapping[str, Span],
    groups: Sequence[str],
    by_type: bool = False,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """How many incidents each group began, and how many it may have begun.

    Args:
        incidents: One row an incident, as layers.judged gives: event_date, event_type, state (label of who began it, "undecided", or null
            where nobody decided), source, proposed, parties, chances.
        spans: Label -> days.
        groups: Labels; whoever else began one is of OTHERS.
        by_type: A series for each type of event, after that of all.
        confidence: Of the interval of a sample, between 0 and 1.

    Returns:
        One row a span, series and group: period, from_date, to_date, series, group; incidents (of the span and series), involved (with
        the group among the source's actors), begun (as people decided), by_source (nobody decided; in violence against civilians the
        codebook names the perpetrator first), proposed (nobody decided, and the rules propose the group: in no share), open (undecided,
        with the group among the actors); shares of all incidents: share_low ((begun + by_source) / incidents: it began no undecided one),
        share_high (it began all undecided ones in which it takes part); of those in which it takes part, own_low and own_high; rules (the
        share if every proposal were right); sampled, estimate, estimate_low, estimate_high (as `attribution`). The lower
        shares of all groups add up to at most one; the upper ones do not.

    Assumes:
        Who began it is among the actors that the source names, and one party did. A reviewer's decision is right.

    Source:
        As analysis.attribution.
    """
    types = incidents["event_type"].drop_nulls().unique().sort().to_list() if by_type else []
    rows = []
    for label, span in spans.items():
        within = incidents.filter(pl.col("event_date").is_between(span.first, span.last))
        for series in (ALL, *types):
            part = within if series == ALL else within.filter(pl.col("event_type") == series)
            drawn = random_sample(part)
            for group in (*groups, OTHERS):
                row = _row(part, drawn, initiator_counted(group, groups), confidence)
                rows.append(
                    {
                        "period": label,
                        "from_date": span.first,
                        "to_date": span.last,
                        "series": series,
                        "group": group,
                        **row,
                    }
                )
    return pl.DataFrame(rows, schema=SCHEMA)


def _grouped(party: pl.Expr, groups: Sequence[str]) -> pl.Expr:
    return pl.when(party.is_in(list(groups))).then(party).when(party.is_not_null()).then(pl.lit(OTHERS))


def initiator_counted(group: str, groups: Sequence[str]) -> dict[str, pl.Expr]:
    """Column of `initiator` -> which incidents it counts for a group; and "own" (it began and takes part in) and "unsure" (no person says
    who began, and it takes part)."""
    unread = pl.col("state").is_null()
    decided = _grouped(pl.when(pl.col("state") != UNDECIDED).then("state"), groups)
    told = _grouped(pl.when(unread).then("source"), groups)
    suggested = _grouped(pl.when(unread & pl.col("source").is_null()).then("proposed"), groups)
    known = pl.coalesce(decided, told)
    others = pl.col("parties").list.set_difference(pl.lit(list(groups), dtype=pl.List(pl.String))).list.len() > 0
    involved = others if group == OTHERS else pl.col("parties").list.contains(group)
    of = {
        "involved": involved,
        "begun": decided == group,
        "by_source": told == group,
        "proposed": suggested == group,
        "open": known.is_null() & involved,
        "own": (known == group) & involved,
        "unsure": decided.is_null() & involved,
    }
    return {name: test.fill_null(value=False) for name, test in of.items()}


def _row(
    part: pl.DataFrame, drawn: pl.DataFrame, counted: Mapping[str, pl.Expr], confidence: float
) -> dict[str, float | int | None]:
    total = part.height
    found = _sums(part, counted)
    sample = _sums(drawn, counted)
    sure = found["begun"] + found["by_source"]
    estimate = wilson(sample["begun"], sample["unsure"], drawn=drawn.height, total=total, confidence=confidence)
    return {
        "incidents": total,
        **{name: found[name] for name in ("involved", "begun", "by_source", "proposed", "open")},
        "share_low": sure / total if total else None,
        "share_high": (sure + found["open"]) / total if total else None,
        "own_low": found["own"] / found["involved"] if found["involved"] else None,
        "own_high": (found["own"] + found["open"]) / found["involved"] if found["involved"] else None,
        "rules": (sure + found["proposed"]) / total if total else None,
        "sampled": drawn.height,
        **dict(zip(("estimate", "estimate_low", "estimate_high"), estimate, strict=True)),
    }


def _sums(part: pl.DataFrame, counted: Mapping[str, pl.Expr]) -> dict[str, int]:
    sums = part.select(**{name: of.sum() for name, of in counted.items()}).row(0, named=True)
    return {name: int(value or 0) for name, value in sums.items()}


SCHEMA: Mapping[str, type[pl.DataType]] = {
    "period": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "series": pl.String,
    "group": pl.String,
    **dict.fromkeys(("incidents", "involved", "begun", "by_source", "proposed", "open"), pl.Int64),
    **dict.fromkeys(("share_low", "share_high", "own_low", "own_high", "rules"), pl.Float64),
    "sampled": pl.Int64,
    **dict.fromkeys(("estimate", "estimate_low", "estimate_high"), pl.Float64),
}
