"""What the gateway costs, and what it withstands: figures, each by one command."""
