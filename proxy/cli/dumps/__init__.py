"""Dumps of a whole API: read, carried over on every core, written so that a kill costs little."""
