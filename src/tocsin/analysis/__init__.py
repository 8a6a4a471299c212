"""One question a module: events in, a small table out."""
