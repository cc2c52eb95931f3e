"""The figures that the store must hold, each by one command."""
