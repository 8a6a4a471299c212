"""From answers to a document: one self-contained page, and the files behind it."""

from tocsin.report.build import Built, build

__all__ = ["Built", "build"]
