"""The desk's memory: vintages of data sets, seen from above as narwhals lazy frames."""

from tocsin.store.open import Store, open_store
from tocsin.store.vintages import File, load

__all__ = ["File", "Store", "load", "open_store"]
