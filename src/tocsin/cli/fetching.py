"""Commands that fetch from a publisher, for those who have access."""

from __future__ import annotations

import datetime as dt
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.options import DeskOption
from tocsin.cli.program import app
from tocsin.cli.screen import tell, working
from tocsin.errors import QuestionError

if TYPE_CHECKING:
    from tocsin.sources.acled.fetch import Fetched

InstantOption = Annotated[
    dt.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
        help="acled: only what was revised since then (UTC), and what was withdrawn.",
    ),
]


@app.command(epilog="Example: tocsin fetch ucdp_ged --release 26.1")
def fetch(
    source: Annotated[str, typer.Argument(help="acled or ucdp_ged.")],
    desk: DeskOption = Path(),
    release: Annotated[
        str, typer.Option(help="ucdp_ged: the release (26.1), or the month of candidate events (26.0.9).")
    ] = "",
    days: Annotated[
        str, typer.Option(help="FIRST..LAST, both included; needed for acled and for ucdp_ged with --token.")
    ] = "",
    since: InstantOption = None,
    token: Annotated[
        bool,
        typer.Option(
            "--token", help="ucdp_ged: ask the API for the desk's countries, with the token of TOCSIN_UCDP_TOKEN."
        ),
    ] = False,
) -> None:
    """Fetch a file from a publisher into the desk's memory; load it afterwards with tocsin add.

    Names and passwords come from the environment (TOCSIN_ACLED_USER, TOCSIN_ACLED_PASSWORD, TOCSIN_UCDP_TOKEN) or the system's keyring.
    """
    from tocsin.desk import find_desk, read_desk
    from tocsin.schema import span_of
    from tocsin.sources import secrets
    from tocsin.sources.acled import fetch as acled
    from tocsin.sources.http import Web
    from tocsin.sources.ucdp_ged import fetch as ucdp

    opened = read_desk(find_desk(desk))
    into = opened.memory / "fetched"
    if source not in ("acled", "ucdp_ged"):
        raise QuestionError(f'nothing can be fetched from "{source}"', next_step="Name one: acled or ucdp_ged.")
    span = span_of(days) if days else None
    if span is None and (source == "acled" or token):
        raise QuestionError("the days are missing", next_step="Write them: --days 2021-01-01..2021-12-31")
    if source == "ucdp_ged" and not release:
        raise QuestionError("the release is missing", next_step="Name it: --release 26.1")
    with working("fetching") as progress:
        if source == "acled" and span:
            with Web(acled.BASE) as web:
                found = acled.fetch(
                    web,
                    countries=opened.countries,
                    first=span.first,
                    last=span.last,
                    into=into,
                    secrets=secrets.of_this_system(),
                    since=since.replace(tzinfo=dt.UTC) if since else None,
                    progress=progress,
                )
            _tell_acled(found)
            return
        if token and span:
            with Web(ucdp.API) as web:
                fetched = ucdp.fetch_events(
                    web,
                    release=release,
                    countries=opened.countries,
                    first=span.first,
                    last=span.last,
                    into=into,
                    secrets=secrets.of_this_system(),
                    progress=progress,
                )
        else:
            with Web(ucdp.FILES) as web:
                fetched = ucdp.fetch_file(web, release=release, into=into, progress=progress)
    _tell_next(fetched.file, fetched.asked_at)


def _tell_acled(found: Fetched) -> None:
    tell(f"{found.rows:,} rows came.")
    if found.silent:
        tell(f"No row for {', '.join(found.silent)}.")
    if found.repeated:
        tell(
            f"{found.repeated:,} rows came twice and are written once: rows may have moved between pages while they were fetched."
        )
    if found.file or not found.deleted:
        _tell_next(found.file, found.asked_at)
    if found.deleted:
        tell(f"{found.withdrawn:,} events were withdrawn by the publisher, in all countries.")
        _tell_next(found.deleted, found.asked_at)
    if found.revised_to:
        tell(f"The next time: --since {found.revised_to:%Y-%m-%dT%H:%M:%S}")


def _tell_next(file: Path | None, asked_at: dt.datetime) -> None:
    if file is None:
        tell("There is nothing new.")
        return
    tell(f"Wrote {file}. Next: tocsin add --dated {asked_at:%Y-%m-%d} {shlex.quote(str(file))}")
