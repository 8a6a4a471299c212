"""Which figure belongs to which question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tocsin.catalogue.drawing.agreement import draw_agreement
from tocsin.catalogue.drawing.change import draw_change, draw_watch
from tocsin.catalogue.drawing.coverage import draw_mix, draw_panel, draw_scales
from tocsin.catalogue.drawing.dating import draw_dating
from tocsin.catalogue.drawing.incidents import draw_map, draw_series
from tocsin.catalogue.drawing.layers import draw_attribution, draw_claims, draw_initiator
from tocsin.catalogue.drawing.place import draw_placement, draw_position
from tocsin.catalogue.subject import Answer, Asked, Subject

DRAWN: Mapping[str, Callable[[Subject, Asked, Answer], Any]] = MappingProxyType(
    {
        "weekly": draw_series,
        "concentration": draw_map,
        "proximity": draw_series,
        "scales": draw_scales,
        "mix": draw_mix,
        "panel": draw_panel,
        "position": draw_position,
        "placement": draw_placement,
        "dating": draw_dating,
        "agreement": draw_agreement,
        "attribution": draw_attribution,
        "claims": draw_claims,
        "initiator": draw_initiator,
        "change": draw_change,
        "watch": draw_watch,
    }
)
