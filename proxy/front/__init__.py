"""What stands before the journey of a request."""
