"""Question <-> analysis <-> figure: one tuple that the command line, the report and the docs read."""

from tocsin.catalogue.behind import behind, event_ids
from tocsin.catalogue.ids import EventIds
from tocsin.catalogue.opening import dataset_of, gazetteer_of, open_desk, subject_of
from tocsin.catalogue.questions import QUESTIONS, Question, ask, draw, find
from tocsin.catalogue.resting import rests_on
from tocsin.catalogue.subject import Answer, Asked, Behind, Subject, asked_of, figures_of

__all__ = [
    "QUESTIONS",
    "Answer",
    "Asked",
    "Behind",
    "EventIds",
    "Question",
    "Subject",
    "ask",
    "asked_of",
    "behind",
    "dataset_of",
    "draw",
    "event_ids",
    "figures_of",
    "find",
    "gazetteer_of",
    "open_desk",
    "rests_on",
    "subject_of",
]
