"""Review attacks by hand: who did it, and who began it."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.options import DatasetOption, DeskOption, JsonOption
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show, show_rows, tell, tell_error, working
from tocsin.errors import DeskError, QuestionError, TocsinError, did_you_mean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from tocsin.catalogue.subject import Subject
    from tocsin.layers.file import ReviewFile
    from tocsin.layers.queue import Waiting

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
    from tocsin.layers.statements import KINDS

    if layer not in (*KINDS, STATUS):
        raise QuestionError(f'there is no layer "{layer}"', next_step=did_you_mean(layer, [*KINDS, STATUS]))
    with open_desk(desk, dataset=dataset) as subject:
        if layer == STATUS:
            _show_status(subject, as_json=as_json)
            return
        if not reviewer:
            raise DeskError(
                "who reviews?", next_step="Say your name or an alias: --reviewer NAME, or set TOCSIN_REVIEWER."
            )
        session = _Session(subject, layer, reviewer)
        with working("reading the data"):
            queue = session.queue(sample=sample, seed=seed, window=window, group=group, event=event)
    # The desk is let go of: who reviews for hours keeps nobody from loading.
    session.run(queue)


class _Session:
    """One sitting of one reviewer: what is on the screen, and what was decided before each decision."""

    def __init__(self, subject: Subject, layer: str, reviewer: str) -> None:
        from tocsin.catalogue.reviewing import groups_of
        from tocsin.layers.file import file_of, read_file
        from tocsin.layers.judged import cached_labels

        self.subject, self.layer, self.reviewer = subject, layer, reviewer
        self.groups = groups_of(subject)
        self.label = cached_labels(self.groups)
        self.file: ReviewFile = read_file(file_of(subject.desk.folder, layer, reviewer), layer)
        self.before: list[ReviewFile] = []
        self.out: Console = screen()

    @property
    def dataset(self) -> str:
        return self.subject.events.about.dataset

    def run(self, queue: list[Waiting]) -> None:
        """Ask until nothing is left, or the reviewer leaves."""
        self._welcome(len(queue))
        done: list[Waiting] = []
        while queue:
            now = queue[0]
            self._show(now, left=len(queue))
            word = self._ask(now)
            if word == "quit":
                break
            if word == "undo":
                if done and self.before:
                    queue.insert(0, done.pop())
                self._undo()
            else:
                queue.pop(0)
                done += [now] if word == "decided" else []
        if not queue:
            tell("Nothing is left to review here.")
        tell(f"{_decisions(len(self.file.of(self.dataset)))} of {self.reviewer}: {self.file.path}")

    def queue(
        self, *, sample: int | None, seed: int, window: str | None, group: str | None, event: str | None
    ) -> list[Waiting]:
        """The events to be read, and what the rules propose of each."""
        from tocsin.catalogue.subject import Asked, period_of, selection_of, windows_of
        from tocsin.catalogue.words import for_group
        from tocsin.layers.queue import waiting
        from tocsin.layers.told import told, told_of

        if event is not None:
            rows, decided = told_of(self.subject.events, [event]), set()
            if rows.is_empty():
                raise QuestionError(
                    f'"{self.dataset}" has no event "{event}"',
                    next_step="See the ids behind a number: tocsin report, out/events.",
                )
        else:
            selection, _, _ = for_group(self.subject, Asked(group=group), selection_of(self.subject))
            span = next(iter(windows_of(self.subject, (window,)).values())) if window else period_of(self.subject)
            rows = told(self.subject.events, selection.within(span))
            decided = {decision[0].event_id for decision in self.file.of(self.dataset)}
        if rows["notes"].drop_nulls().is_empty():
            tell("The data have no notes: what is proposed comes from the actors' columns alone.")
        return waiting(rows, layer=self.layer, groups=self.groups, decided=decided, sample=sample, seed=seed)

    def _welcome(self, left: int) -> None:
        made = self.file.of(self.dataset)
        if made:
            last = max(decision[0].reviewed_at for decision in made)
            tell(
                f"{self.reviewer} has made {_decisions(len(made))}, the last on {last:%Y-%m-%d}. If that was not you, take another name."
            )
        tell(f"{left:,} to review. h: help, q: leave.")

    def _show(self, now: Waiting, *, left: int) -> None:
        row = now.row
        place = ", ".join(str(row[name]) for name in ("location", "admin1") if row[name])
        kind = " · ".join(str(row[name]) for name in ("event_type", "sub_event_type") if row[name])
        self.out.print()
        show(self.out, f"{left:,} left · {row['event_id']} · {row['event_date']} · {place}", bold=True)
        deaths = f" · {row['fatalities']} killed" if row["fatalities"] is not None else ""
        show(self.out, f"{kind}{deaths} · {row['source'] or 'no source named'}")
        self.out.print(self._note(now), soft_wrap=True)
        parties = self._parties(now)
        show(self.out, "Parties: " + "; ".join(f"{number} {name}" for number, name in enumerate(parties, start=1)))
        for each in now.proposals:
            words = each.words(row["notes"] or "")
            by = f", says {each.said_by}" if each.said_by else ""
            show(self.out, f"Proposed: {each.kind} {each.party}{by} ({each.rule}{f': “{words}”' if words else ''})")
        if not now.proposals:
            show(self.out, "Proposed: nothing")

    def _note(self, now: Waiting) -> Text:
        """The note, with the words that led to a proposal set off; nothing in it acts on the terminal."""
        from rich.text import Text

        from tocsin.visible import visible

        note = now.row["notes"]
        if not note:
            return Text("(no note)")
        marks = sorted({0, len(note), *(at for each in now.proposals if each.span for at in each.span)})
        text = Text()
        for first, last in itertools.pairwise(marks):
            inside = any(each.span and each.span[0] <= first and last <= each.span[1] for each in now.proposals)
            text.append(visible(note[first:last]), style="bold reverse" if inside else None)
        return text

    def _parties(self, now: Waiting) -> list[str]:
        from tocsin.layers.queue import parties_of

        return parties_of(now.row, now.proposals, list(self.groups), self.label)

    def _ask(self, now: Waiting) -> str:
        """decided, skipped, undo or quit."""
        from tocsin.layers.typed import HELP, read_typed

        while True:
            self.out.print("> ", end="")
            sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                self.out.print()
                return "quit"
            word = line.strip()
            if word in ("q", "quit"):
                return "quit"
            if word in ("s", "skip"):
                return "skipped"
            if word in ("u", "undo"):
                return "undo"
            if word in ("h", "help", "?"):
                show_lines(self.out, HELP[self.layer])
                continue
            try:
                said = read_typed(word, layer=self.layer, parties=self._parties(now), proposals=now.proposals)
            except QuestionError as error:
                tell_error(error)
                continue
            self._decide(now, said)
            return "decided"

    def _decide(self, now: Waiting, said: tuple[Any, ...]) -> None:
        from tocsin.layers.file import one_line, with_decision
        from tocsin.layers.statements import Statement
        from tocsin.layers.told import row_digest

        newest = self.subject.events.about.newest
        at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        decision = tuple(
            Statement(
                event_id=now.row["event_id"],
                dataset=self.dataset,
                data_date=newest.data_date,
                vintage=newest.digest[:12],
                row=row_digest(now.row),
                kind=each.kind,
                party=one_line(self.label(each.party)) if each.party else "",
                said_by=one_line(each.said_by),
                said_date=each.said_date,
                published=one_line(each.published),
                grade=each.grade,
                reviewer=self.reviewer,
                reviewed_at=at,
                drawn=now.drawn,
                rule=each.rule,
                words=one_line((now.row["notes"] or "")[slice(*each.span)]) if each.span else "",
            )
            for each in said
        )
        written = with_decision(self.file, decision)
        self.before.append(self.file)
        self.file = written

    def _undo(self) -> None:
        from tocsin.layers.file import restored, without_last

        if self.before:
            self.file = restored(self.file, self.before.pop())
        elif self.file.decisions:
            last = self.file.decisions[-1][0]
            self.file = without_last(self.file)
            tell(
                f"Taken back: {last.event_id}, of {last.reviewed_at:%Y-%m-%d}. It will be asked again when you start anew."
            )
            return
        else:
            tell("There is nothing to undo.")
            return
        tell("Taken back.")


def _decisions(number: int) -> str:
    return "1 decision" if number == 1 else f"{number:,} decisions"


def show_lines(out: Console, text: str) -> None:
    """Print lines of text."""
    for line in text.splitlines():
        show(out, line)


def _show_status(subject: Subject, *, as_json: bool) -> None:
    """How far each layer is: decisions by reviewer and state, agreement, and what is no longer as it was.

    Raises:
        DeskError: a review file is wrong; what the others say is shown first.
    """
    from tocsin.catalogue.reviewing import groups_of
    from tocsin.layers.statements import KINDS
    from tocsin.report.export import as_json as json_of

    groups, faults = groups_of(subject), []
    whole = {}
    for layer in KINDS:
        files, wrong = _readable(subject.desk.folder, layer)
        faults += wrong
        whole[layer] = _status_of(subject, layer, files, groups)
    if as_json:
        print(json_of(whole))
    else:
        for layer, status in whole.items():
            _print_status(layer, status)
    for error in faults[1:]:
        tell_error(error)
    if faults:
        raise faults[0]


def _readable(folder: Path, layer: str) -> tuple[list[ReviewFile], list[TocsinError]]:
    from tocsin.layers.file import files_of, read_file

    files, wrong = [], []
    for path in files_of(folder, layer):
        try:
            files.append(read_file(path, layer))
        except TocsinError as error:
            wrong.append(error)
    return files, wrong


def _status_of(subject: Subject, layer: str, files: list[ReviewFile], groups: Any) -> dict[str, Any]:
    from tocsin.layers.agreement import agreement
    from tocsin.layers.judged import flagged, state_of
    from tocsin.layers.told import told_of

    dataset = subject.events.about.dataset
    states = {
        file.reviewer: {each[0].event_id: state_of(each, layer=layer, groups=groups) for each in file.of(dataset)}
        for file in files
    }
    events = sorted({event for of in states.values() for event in of})
    flags = flagged(files, told_of(subject.events, events), dataset=dataset)
    pairs = []
    for one, other in itertools.combinations(sorted(states), 2):
        both = sorted(set(states[one]) & set(states[other]))
        agreed = agreement([states[one][event] for event in both], [states[other][event] for event in both])
        pairs.append({"one": one, "other": other, **vars(agreed)})
    counts = [
        {"reviewer": name, "state": state, "events": list(of.values()).count(state)}
        for name, of in sorted(states.items())
        for state in sorted(set(of.values()))
    ]
    elsewhere = {file.reviewer: len(file.decisions) - len(file.of(dataset)) for file in files}
    return {
        "dataset": dataset,
        "decisions": counts,
        "agreement": pairs,
        "withdrawn": list(flags.withdrawn),
        "changed": list(flags.changed),
        "unknown": _unknown(subject, files, groups),
        "on_other_data_sets": {name: number for name, number in elsewhere.items() if number},
    }


def _unknown(subject: Subject, files: list[ReviewFile], groups: Any) -> list[dict[str, str]]:
    """Parties that are no group of the desk and no actor of the data, with the names that are near."""
    known = [*groups, *(name for names in groups.values() for name in names), *subject.actor_names]
    folded = {name.casefold() for name in known}
    named = sorted({each.party for file in files for said in file.decisions for each in said if each.party})
    return [{"party": name, "near": did_you_mean(name, known)} for name in named if name.casefold() not in folded]


def _print_status(layer: str, status: dict[str, Any]) -> None:
    out = screen()
    show(
        out,
        f"{layer}: {_decisions(sum(row['events'] for row in status['decisions']))} on {status['dataset']}",
        bold=True,
    )
    show_rows(out, status["decisions"])
    for pair in status["agreement"]:
        show(out, f"{pair['one']} and {pair['other']}: {_agreed(pair)}")
    for name, number in status["on_other_data_sets"].items():
        show(out, f"{name} has {_decisions(number)} on other data sets.")
    for what, events in (
        ("no longer in the data (withdrawn since)", status["withdrawn"]),
        ("changed since it was read", status["changed"]),
    ):
        if events:
            show(out, f"Flagged, {what}: {', '.join(events)}")
    for each in status["unknown"]:
        show(out, f"“{each['party']}” is no group of the desk and no actor of the data. {each['near']}")


def _agreed(pair: dict[str, Any]) -> str:
    if not pair["events"]:
        return f"{pair['note']}."
    number: Callable[[float], str] = "{:.2f}".format
    said = f"{pair['events']:,} events decided by both, {pair['agreed']:.0%} alike"
    if pair["kappa"] == pair["kappa"]:
        said += f"; Cohen's kappa {number(pair['kappa'])} ({number(pair['low'])} to {number(pair['high'])})"
    return f"{said}{'; ' + pair['note'] if pair['note'] else ''}."
