"""The first desk.toml of a new desk: what is known filled in, the rest as comments to be completed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tocsin.desk import FILE_NAME
from tocsin.errors import DeskError, did_you_mean
from tocsin.geo.countries import known, name

_TEMPLATE = """\
# What this desk watches and how it counts. Every key is explained on the page "The desk" of the docs.
title = {title}
countries = {countries}

# dataset = "acled"            # which one to count, once several are loaded (tocsin vintages)
# compare = ["before", "after"]  # the two of the windows below that are held against each other, the earlier first

# [period]                     # the days of the weekly figures; all that the data cover, if it is left out
# first = 2020-09-01
# last = 2022-07-31

# [definition]                 # what is left out is as usual for the data set
# incidents = ["Battles", "Explosions/Remote violence", "Violence against civilians"]
# week_starts = "Monday"
# average_weeks = 8
# average = "trailing"         # or "centred"
# near_km = 10                 # at most this far from a capital of a first-order unit is near

# Windows to compare, both days included: figures and findings call them by name, so that the days stay when data are added.
# Without any, the last 52 weeks of the data are held against the 52 before.
# [windows.before]
# label = "the last ten months before"
# first = 2020-09-15
# last = 2021-07-15
# [windows.after]
# label = "the first ten months after"
# first = 2021-09-15
# last = 2022-07-15

# Groups of actors under one label: tocsin table actors lists the names in the data. * stands for any text.
# [groups.state]
# label = "the armed forces"
# actors = ["Military Forces of *", "Police Forces of *"]

# Figures of the report, in order. Without any, the usual ones are drawn.
# [[figures]]
# id = "figure-1"
# question = "weekly"
# title = "Violent incidents"
"""


def draft_desk(folder: Path, *, countries: Sequence[str], title: str) -> Path:
    """Make a folder with a desk.toml, and a .gitignore for what is not kept under version control; give the path of the former.

    Raises:
        DeskError: a country code is not known, there is a desk already, or the folder can not be written.
    """
    codes = [code.upper() for code in countries]
    for code in codes:
        if code not in known():
            by_name = {name(each): each for each in known()}
            hint = did_you_mean(code.title(), by_name)
            raise DeskError(
                f'"{code}" is not an ISO 3166 alpha-3 code',
                where="--country",
                next_step=f"Codes have three letters (SYR). {hint}",
            )
    path = folder / FILE_NAME
    if path.exists():
        raise DeskError("there is a desk already", where=str(path), next_step="Edit it, or choose another folder.")
    text = _TEMPLATE.format(
        title=json.dumps(title or " and ".join(name(code) for code in codes), ensure_ascii=False),
        countries=json.dumps(codes),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(".tocsin/\nout/\n.out-*/\nrebuilt/\n.rebuilt-*/\n", encoding="utf-8")
    except OSError as error:
        raise DeskError(f"can not be written: {error.strerror}", where=str(folder)) from error
    return path
