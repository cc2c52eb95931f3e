"""Tours: what the gateway promises its people, shown through the doors that they use."""
