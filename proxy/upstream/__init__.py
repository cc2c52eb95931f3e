"""What stands behind the journey: the new API as a server."""
