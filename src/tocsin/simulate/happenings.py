"""What happens in the synthetic Afghanistan: who does what to whom, by component, and in which provinces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BATTLE = "Battles"
BLAST = "Explosions/Remote violence"
CIVIL = "Violence against civilians"
ARMED = "Armed clash"
IED = "Remote explosive/landmine/IED"
SHELLS = "Shelling/artillery/missile attack"

STATE, REBEL, MILITIA, IDENTITY = "State forces", "Rebel group", "Political militia", "Identity militia"
CIVILIAN_KIND, OUTSIDE = "Civilians", "External/Other forces"

ISKP = "Islamic State Khorasan Province (ISKP)"
NRF = "NRF: National Resistance Front"
TALIBAN = "Taliban"
UNKNOWN = "Unidentified Armed Group (Afghanistan)"
CIVILIANS = "Civilians (Afghanistan)"
ARMY_BEFORE, POLICE_BEFORE = "Military Forces of Afghanistan (2004-2021)", "Police Forces of Afghanistan (2004-2021)"
ARMY_AFTER, POLICE_AFTER = "Military Forces of Afghanistan (2021-)", "Police Forces of Afghanistan (2021-)"
HAZARA = "Hazara Ethnic Group (Afghanistan); Shiite Muslim Group (Afghanistan)"
SUFI = "Sufi Muslim Group (Afghanistan)"


@dataclass(frozen=True)
class Kind:
    """One kind of event; `weight` is its chance within its component, up to a factor."""

    weight: float
    event_type: str
    sub_event_type: str
    actor1: str
    inter1: str
    actor2: str | None = None
    inter2: str | None = None
    assoc_actor_2: str | None = None
    deaths: float = 1.0
    """Expected deaths relative to the other kinds of the same time."""

    @property
    def on_civilians(self) -> bool:
        """Whether the codebook would say that civilians, or peaceful protesters, were the main target."""
        return self.sub_event_type == "Excessive force against protesters" or (
            self.event_type in (CIVIL, BLAST) and self.inter2 == CIVILIAN_KIND
        )


def _on_civilians(weight: float, actor: str, inter: str, *, sub: str = "Attack", whom: str | None = None) -> Kind:
    return Kind(weight, CIVIL, sub, actor, inter, CIVILIANS, CIVILIAN_KIND, whom, deaths=0.5)


def _blast_on_civilians(weight: float, actor: str, inter: str, *, sub: str = IED, whom: str | None = None) -> Kind:
    deaths = 8.0 if sub == "Suicide bomb" else 1.0
    return Kind(weight, BLAST, sub, actor, inter, CIVILIANS, CIVILIAN_KIND, whom, deaths=deaths)


COMPONENTS: Mapping[str, tuple[Kind, ...]] = {
    # The war of the republic against the Taliban, to 14 August 2021.
    "war": (
        Kind(44, BATTLE, ARMED, ARMY_BEFORE, STATE, TALIBAN, REBEL, deaths=1.3),
        Kind(10, BATTLE, ARMED, POLICE_BEFORE, STATE, TALIBAN, REBEL),
        Kind(2, BATTLE, "Government regains territory", ARMY_BEFORE, STATE, TALIBAN, REBEL, deaths=1.3),
        Kind(4, BATTLE, "Non-state actor overtakes territory", TALIBAN, REBEL, ARMY_BEFORE, STATE, deaths=1.3),
        Kind(11, BLAST, "Air/drone strike", ARMY_BEFORE, STATE, TALIBAN, REBEL, deaths=1.6),
        Kind(2, BLAST, "Air/drone strike", "NATO: North Atlantic Treaty Organization", OUTSIDE, TALIBAN, REBEL),
        Kind(8, BLAST, IED, TALIBAN, REBEL, ARMY_BEFORE, STATE),
        Kind(3, BLAST, SHELLS, TALIBAN, REBEL, POLICE_BEFORE, STATE),
        _blast_on_civilians(5, UNKNOWN, MILITIA),
        _on_civilians(6, UNKNOWN, MILITIA),
        _on_civilians(4, TALIBAN, REBEL),
        _on_civilians(1, ARMY_BEFORE, STATE),
    ),
    "iskp on forces, before": (
        Kind(5, BATTLE, ARMED, ARMY_BEFORE, STATE, ISKP, REBEL),
        Kind(3, BATTLE, ARMED, ISKP, REBEL, TALIBAN, REBEL),
        Kind(4, BLAST, IED, ISKP, REBEL, POLICE_BEFORE, STATE),
    ),
    "iskp on forces, after": (
        Kind(4, BATTLE, ARMED, ISKP, REBEL, ARMY_AFTER, STATE),
        Kind(6, BLAST, IED, ISKP, REBEL, ARMY_AFTER, STATE),
        Kind(4, BLAST, IED, ISKP, REBEL, POLICE_AFTER, STATE),
    ),
    "iskp on civilians": (
        _on_civilians(4, ISKP, REBEL),
        _on_civilians(3, ISKP, REBEL, whom=HAZARA),
        _on_civilians(1, ISKP, REBEL, whom=SUFI),
        _blast_on_civilians(4, ISKP, REBEL, whom=HAZARA),
        _blast_on_civilians(1, ISKP, REBEL, sub="Suicide bomb", whom=HAZARA),
        _blast_on_civilians(1, ISKP, REBEL, whom=SUFI),
    ),
    "nrf": (
        Kind(15, BATTLE, ARMED, NRF, REBEL, ARMY_AFTER, STATE, deaths=1.5),
        Kind(2, BLAST, IED, NRF, REBEL, ARMY_AFTER, STATE),
        Kind(3, BLAST, "Grenade", NRF, REBEL, POLICE_AFTER, STATE),
    ),
    "unattributed": (
        Kind(6, BATTLE, ARMED, UNKNOWN, MILITIA, ARMY_AFTER, STATE),
        Kind(4, BATTLE, ARMED, UNKNOWN, MILITIA, POLICE_AFTER, STATE),
        Kind(7, BLAST, IED, UNKNOWN, MILITIA, ARMY_AFTER, STATE),
        Kind(3, BLAST, "Grenade", UNKNOWN, MILITIA, POLICE_AFTER, STATE),
    ),
    # All other violence under the Taliban's government.
    "rest": (
        _on_civilians(32, ARMY_AFTER, STATE),
        _on_civilians(8, POLICE_AFTER, STATE),
        _on_civilians(5, ARMY_AFTER, STATE, sub="Abduction/forced disappearance"),
        _on_civilians(24, UNKNOWN, MILITIA),
        _blast_on_civilians(14, UNKNOWN, MILITIA),
        Kind(7, BATTLE, ARMED, ARMY_AFTER, STATE, "Unidentified Communal Militia (Afghanistan)", IDENTITY),
        Kind(4, BATTLE, ARMED, ARMY_AFTER, STATE, POLICE_AFTER, STATE),
        Kind(4, BLAST, SHELLS, "Military Forces of Pakistan (2018-2022)", OUTSIDE, CIVILIANS, CIVILIAN_KIND),
        Kind(2, BATTLE, ARMED, ARMY_AFTER, STATE, "Military Forces of Pakistan (2018-2022)", OUTSIDE),
    ),
    # What is not violence: it must not be counted where incidents are.
    "quiet, before": (
        Kind(40, "Protests", "Peaceful protest", "Protesters (Afghanistan)", "Protesters", deaths=0),
        Kind(2, "Protests", "Excessive force against protesters", "Protesters (Afghanistan)", "Protesters",
             POLICE_BEFORE, STATE, deaths=0.2),
        Kind(4, "Riots", "Mob violence", "Rioters (Afghanistan)", "Rioters", CIVILIANS, CIVILIAN_KIND, deaths=0.1),
        Kind(20, "Strategic developments", "Arrests", POLICE_BEFORE, STATE, TALIBAN, REBEL, deaths=0),
        Kind(16, "Strategic developments", "Disrupted weapons use", ARMY_BEFORE, STATE, TALIBAN, REBEL, deaths=0),
        Kind(18, "Strategic developments", "Change to group/activity", TALIBAN, REBEL, deaths=0),
    ),
    "quiet, after": (
        Kind(36, "Protests", "Peaceful protest", "Protesters (Afghanistan)", "Protesters", deaths=0),
        Kind(6, "Protests", "Protest with intervention", "Protesters (Afghanistan)", "Protesters", POLICE_AFTER, STATE,
             deaths=0),
        Kind(2, "Riots", "Violent demonstration", "Rioters (Afghanistan)", "Rioters", deaths=0.1),
        Kind(26, "Strategic developments", "Arrests", POLICE_AFTER, STATE, CIVILIANS, CIVILIAN_KIND, deaths=0),
        Kind(12, "Strategic developments", "Disrupted weapons use", ARMY_AFTER, STATE, deaths=0),
        Kind(10, "Strategic developments", "Looting/property destruction", ARMY_AFTER, STATE, CIVILIANS, CIVILIAN_KIND,
             deaths=0),
        Kind(8, "Strategic developments", "Change to group/activity", ARMY_AFTER, STATE, deaths=0),
    ),
}  # fmt: skip
