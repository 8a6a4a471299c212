"""The desk's memory: vintages of data sets, seen from above as narwhals lazy frames."""

from tocsin.store.open import Store, open_store
from tocsin.store.vintages import File, Resolver, load

__all__ = ["File", "Resolver", "Store", "load", "open_store"]
