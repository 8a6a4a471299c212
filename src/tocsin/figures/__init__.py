"""Pictures: a small table in, one Vega-Lite specification out."""
