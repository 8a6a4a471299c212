"""How fast, beside what an expert's SQL and an analyst's script take on the same machine in the same run."""
