"""One sitting of a reviewer at the terminal: an event is shown, a line is read, what it says is written."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tocsin.catalogue.reviewing import groups_of, lacking_notes
from tocsin.catalogue.subject import Asked, period_of, selection_of, windows_of
from tocsin.catalogue.words import for_group
from tocsin.cli.screen import screen, show, tell, tell_error
from tocsin.errors import QuestionError
from tocsin.layers.draws import draw_from
from tocsin.layers.file import ReviewFile, file_of, one_line, read_file, restored, with_decision, without_last
from tocsin.layers.judged import cached_labels, propose
from tocsin.layers.queue import Waiting, parties_of, waiting
from tocsin.layers.statements import Decision, Statement
from tocsin.layers.told import row_digest, told, told_of
from tocsin.layers.typed import HELP, read_typed
from tocsin.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from tocsin.catalogue.subject import Subject
    from tocsin.layers.typed import Said

QUIT, UNDO, SKIPPED, DECIDED = "quit", "undo", "skipped", "decided"
_COMMANDS = {"q": QUIT, "quit": QUIT, "s": SKIPPED, "skip": SKIPPED, "u": UNDO, "undo": UNDO}


class Sitting:
    """What is on the screen, and what was decided before each decision."""

    def __init__(self, subject: Subject, layer: str, reviewer: str) -> None:
        self.subject, self.layer, self.reviewer = subject, layer, reviewer
        self.groups = groups_of(subject)
        self.label = cached_labels(self.groups)
        self.file: ReviewFile = read_file(file_of(subject.desk.folder, layer, reviewer), layer)
        self.before: list[tuple[ReviewFile, Waiting]] = []
        self.skipped = 0
        self.out: Console = screen()

    @property
    def dataset(self) -> str:
        return self.subject.events.about.dataset

    def queue(self, *, sample: int | None, seed: int, window: str | None, group: str | None) -> list[Waiting]:
        """The events to be read, and what the rules propose of each."""
        selection, _, _ = for_group(self.subject, Asked(group=group), selection_of(self.subject))
        span = next(iter(windows_of(self.subject, (window,)).values())) if window else period_of(self.subject)
        selection = selection.within(span)
        rows = told(self.subject.events, selection)
        if rows.is_empty():
            tell(f"No incident is counted here, {span}: there is nothing to review.")
        elif lacking := lacking_notes(self.subject, rows):
            tell(f"{lacking}: what is proposed comes from the actors' columns alone.")
        draw = None
        if sample is not None and not rows.is_empty():
            draw = draw_from(
                selection,
                seed=seed,
                dataset=self.dataset,
                data_date=self.subject.events.about.newest.data_date,
                asked=min(sample, rows.height),
                incidents=rows.height,
                group=self.subject.desk.groups[group].label if group else "",
                known=self.file.draws,
            )
            tell(f"Drawn: {draw.asked:,} of {draw}. What they tell is told of these, and of any part of them.")
        return waiting(
            rows,
            layer=self.layer,
            groups=self.groups,
            attacker_first=self.subject.events.about.facts.attacker_first,
            decided={decision[0].event_id for decision in self.file.of(self.dataset)},
            draw=draw,
        )

    def queue_of(self, event: str) -> list[Waiting]:
        """One event, whether or not it was decided.

        Raises:
            QuestionError: the data do not have it.
        """
        rows = told_of(self.subject.events, [event])
        if rows.is_empty():
            known = self._decision(event)
            step = "See the ids behind a number: tocsin report, out/events."
            if known:
                step = f"It was withdrawn since you decided it: {_said(known)}. The decision is kept, and counts for nothing."
            raise QuestionError(f'"{self.dataset}" has no event "{event}"', next_step=step)
        row = rows.row(0, named=True)
        first = self.subject.events.about.facts.attacker_first
        return [Waiting(row, propose(row, layer=self.layer, groups=self.groups, attacker_first=first))]

    def run(self, queue: list[Waiting]) -> None:
        """Ask until nothing is left, or the reviewer leaves."""
        self._welcome(len(queue))
        word = ""
        while word != QUIT and (queue or self.before):
            if queue:
                self._show(queue[0], left=len(queue))
            else:
                tell(f"That was the last one{self._left_over()}. u: take back what you said last, q: leave.")
            word = self._ask(queue[0] if queue else None)
            if word == UNDO:
                self._undo(queue)
            elif word == SKIPPED and queue:
                self.skipped += 1
                queue.pop(0)
            elif word == DECIDED:
                queue.pop(0)
        tell(f"{decisions(len(self.file.of(self.dataset)))} of {self.reviewer}: {self.file.path}")

    def _left_over(self) -> str:
        return f" ({self.skipped:,} skipped: asked again when you start anew)" if self.skipped else ""

    def _welcome(self, left: int) -> None:
        made = self.file.of(self.dataset)
        if made:
            last = max(decision[0].reviewed_at for decision in made)
            tell(
                f"{self.reviewer} has made {decisions(len(made))}, the last on {last:%Y-%m-%d}. If that was not you, take another name."
            )
        if left:
            tell(f"{left:,} to review. h: help, q: leave.")
        elif made:
            tell("Nothing is left to review here. To decide an event anew: --event ID.")

    def _show(self, now: Waiting, *, left: int) -> None:
        row = now.row
        place = ", ".join(str(row[name]) for name in ("location", "admin1") if row[name])
        kind = " · ".join(str(row[name]) for name in ("event_type", "sub_event_type") if row[name])
        self.out.print()
        where = f" · {place}" if place else ""
        show(self.out, f"{left:,} left · {row['event_id']} · {row['event_date']}{where}", bold=True)
        deaths = f" · {row['fatalities']} killed" if row["fatalities"] is not None else ""
        show(self.out, f"{kind}{deaths} · {row['source'] or 'no source named'}")
        self.out.print(self._note(now), soft_wrap=True)
        own = {self.label(name) for name in (row["actor1"], row["actor2"], *row["actors"]) if name}
        numbered = [(f"{number} {name}", name in own) for number, name in enumerate(self._parties(now), start=1)]
        for heading, its in (("Parties of the event", True), ("Others", False)):
            if told := [text for text, named in numbered if named is its]:
                show(self.out, f"{heading}: {'; '.join(told)}")
        for each in now.proposals:
            words = each.words(row["notes"] or "")
            by = f", says {each.said_by}" if each.said_by else ""
            show(self.out, f"Proposed: {each.kind} {each.party}{by} ({each.rule}{f': “{words}”' if words else ''})")
        if not now.proposals:
            show(self.out, "Proposed: nothing")
        earlier = self._decision(row["event_id"])
        if earlier:
            show(self.out, f"You said on {earlier[0].reviewed_at:%Y-%m-%d}: {_said(earlier)}")

    def _decision(self, event: str) -> Decision | None:
        return next((each for each in self.file.of(self.dataset) if each[0].event_id == event), None)

    def _note(self, now: Waiting) -> Text:
        """The note, with the words that led to a proposal set off; nothing in it acts on the terminal."""
        from rich.text import Text

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
        return parties_of(now.row, now.proposals, list(self.groups), self.label)

    def _ask(self, now: Waiting | None) -> str:
        """DECIDED, SKIPPED, UNDO or QUIT; of no event only the last two, and the reviewer may just leave the line empty."""
        while True:
            line = self._line()
            word = QUIT if line is None else line.strip()
            if now is None and not word:
                return QUIT
            if word == QUIT or word in _COMMANDS:
                return _COMMANDS[word]
            if word in ("h", "help", "?"):
                for text in HELP[self.layer].splitlines():
                    show(self.out, text)
                continue
            if now is None:
                tell("u: take back what you said last, q: leave.")
                continue
            try:
                said = read_typed(word, layer=self.layer, parties=self._parties(now), proposals=now.proposals)
            except QuestionError as error:
                tell_error(error)
                continue
            self._decide(now, said)
            return DECIDED

    def _line(self) -> str | None:
        """What is typed at the prompt; None at its end. What does not come from a terminal is printed, as a terminal would."""
        self.out.print("> ", end="")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line or not sys.stdin.isatty():
            show(self.out, line.rstrip("\r\n"))
        return line or None

    def _decide(self, now: Waiting, said: Sequence[Said]) -> None:
        newest = self.subject.events.about.newest
        at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        earlier = self._decision(now.row["event_id"])
        # An event that came up in a draw did so whatever is said of it later.
        drawn = now.draw.id if now.draw else earlier[0].drawn if earlier else ""
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
                drawn=drawn,
                rule=each.rule,
                words=one_line((now.row["notes"] or "")[slice(*each.span)]) if each.span else "",
            )
            for each in said
        )
        written = with_decision(self.file, decision, draw=now.draw)
        self.before.append((self.file, now))
        self.file = written

    def _undo(self, queue: list[Waiting]) -> None:
        """Take back the last decision, of this sitting or an earlier one, and say which it was."""
        if not self.file.decisions:
            tell("There is nothing to undo.")
            return
        last = self.file.decisions[-1]
        what = f"Taken back: {last[0].event_id} ({_said(last)})"
        if not self.before:
            self.file = without_last(self.file)
            tell(f"{what}, of {last[0].reviewed_at:%Y-%m-%d}. It will be asked again when you start anew.")
            return
        before, asked = self.before.pop()
        self.file = restored(self.file, before)
        queue.insert(0, asked)
        tell(f"{what}.")


def decisions(number: int) -> str:
    """A number of decisions, in words."""
    return "1 decision" if number == 1 else f"{number:,} decisions"


def _said(decision: Decision) -> str:
    return "; ".join(f"{each.kind} {each.party}".rstrip() for each in decision)
