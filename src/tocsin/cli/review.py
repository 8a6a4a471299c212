"""Review attacks by hand: who did it, and who began it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.options import DatasetOption, DeskOption, JsonOption
from tocsin.cli.program import app
from tocsin.cli.screen import working
from tocsin.errors import DeskError, QuestionError, did_you_mean

STATUS = "status"


@app.command(epilog="Example: tocsin review attribution --reviewer ana --sample 200")
def review(
    layer: Annotated[str, typer.Argument(help="attribution (who did it), initiator (who began it), or status.")],
    reviewer: Annotated[
        str | None,
        typer.Option(
            envvar="TOCSIN_REVIEWER",
            help="Under which name you review: an alias is fine, and is what others will read.",
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Draw so many at random: for estimates, and for two reviewers to compare.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the draw: with the same one, two reviewers read the same events.")
    ] = 1,
    window: Annotated[str | None, typer.Option(help="Only of a window of the desk.")] = None,
    group: Annotated[str | None, typer.Option(help="Only with a group of the desk.")] = None,
    event: Annotated[
        str | None, typer.Option(help="Only this event, decided or not: what you say now replaces what you said.")
    ] = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read attacks one by one, with what the rules propose, and say who did it or who began it; or show how far the review is.

    What you decide is written at once to review/LAYER.NAME.csv in the desk. Leave and come back: what you decided is not asked again.
    """
    from tocsin.catalogue import open_desk
    from tocsin.cli.reviewed import show_status
    from tocsin.cli.sitting import Sitting
    from tocsin.layers.statements import KINDS

    if layer not in (*KINDS, STATUS):
        raise QuestionError(f'there is no layer "{layer}"', next_step=did_you_mean(layer, [*KINDS, STATUS]))
    if event is not None and (sample is not None or window or group):
        raise QuestionError(
            "--event is one event, and is neither drawn nor narrowed",
            next_step="Leave --sample, --window and --group out.",
        )
    with open_desk(desk, dataset=dataset) as subject:
        if layer == STATUS:
            show_status(subject, as_json=as_json)
            return
        if not reviewer:
            raise DeskError(
                "who reviews?", next_step="Say your name or an alias: --reviewer NAME, or set TOCSIN_REVIEWER."
            )
        sitting = Sitting(subject, layer, reviewer)
        with working("reading the data"):
            queue = (
                sitting.queue(sample=sample, seed=seed, window=window, group=group)
                if event is None
                else sitting.queue_of(event)
            )
    # The desk is let go of: who reviews for hours keeps nobody from loading.
    sitting.run(queue)
