"""What of a desk does an answer hang on, beside the events? So that a change of it can be told as the reason of another number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tocsin.catalogue.questions import find
from tocsin.catalogue.subject import Asked, Subject
from tocsin.errors import StoreError
from tocsin.keeping import digest_of
from tocsin.layers.file import files_of


def rests_on(subject: Subject, question: str, asked: Asked) -> dict[str, Any]:
    """All that desk.toml and the desk's other files say for an answer, as JSON has it: key of desk.toml -> what it says.

    Also `dataset` (the one that is counted), the digests of the desk's own boundaries and capitals, and of the review files of a layer.

    Raises:
        QuestionError: no such question.
        StoreError: a file of the desk can not be read.
    """
    desk, entry = subject.desk, find(question)
    said: dict[str, Any] = {
        "dataset": subject.events.about.dataset,
        "countries": list(desk.countries),
        "definition": desk.definition.model_dump(mode="json"),
        "period": desk.period.model_dump(mode="json") if desk.period else None,
    }
    if "windows" in entry.arguments:
        windows = asked.windows or desk.compared or tuple(desk.windows)
        said["windows"] = {key: desk.windows[key].model_dump(mode="json") for key in windows if key in desk.windows}
    named = (*asked.groups, *([asked.group] if asked.group else []))
    groups = tuple(desk.groups) if entry.all_groups and not named else named
    if groups:
        said["groups"] = {key: desk.groups[key].model_dump(mode="json") for key in groups if key in desk.groups}
    if "longitude" in entry.columns:
        own = (desk.places.boundaries, desk.places.capitals)
        said["places"] = {name: _digest(desk.folder / name) for name in own if name}
    if entry.layer:
        said["review"] = {path.name: _digest(path) for path in files_of(desk.folder, entry.layer)}
    for part in entry.parts:
        said[part] = getattr(desk, part).model_dump(mode="json")
    return said


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None where it is not there."""
    try:
        return digest_of(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"can not be read: {error.strerror}", where=str(path)) from error
