"""Any table with a small mapping file."""
