"""What becomes of each field: one package per pair of APIs, and the core they are written in."""
