"""The desk's memory: vintages of data sets, seen from above as narwhals lazy frames."""

from tocsin.store.differences import Differences, State, differences, history, states
from tocsin.store.open import Store, open_store
from tocsin.store.remarks import remarks
from tocsin.store.vintages import File, Resolver, load

__all__ = [
    "Differences", "File", "Resolver", "State", "Store", "differences", "history", "load", "open_store", "remarks", "states",
]  # fmt: skip
