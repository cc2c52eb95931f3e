"""One request, in the order in which it walks."""
