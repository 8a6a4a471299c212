"""ACLED: exports of every vintage."""
