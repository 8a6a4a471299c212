"""The desk's memory: vintages of data sets, seen from above as narwhals lazy frames."""

from tocsin.store.differences import Differences, State, differences, history, states
from tocsin.store.open import Store, open_store
from tocsin.store.remarks import remarks
from tocsin.store.star import drop, lay
from tocsin.store.vintages import File, load
from tocsin.store.withdrawals import List, Listed, outcomes, refuse_foreign, told, withdraw

__all__ = [
    "Differences", "File", "List", "Listed", "State", "Store", "differences", "drop", "history", "lay", "load", "open_store",
    "outcomes", "refuse_foreign", "remarks", "states", "told", "withdraw",
]  # fmt: skip
