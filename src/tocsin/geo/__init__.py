"""Places: first-order units, their capitals, countries and cells. Nothing is read until it is asked for."""
