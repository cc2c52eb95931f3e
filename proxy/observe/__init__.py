"""What the gateway tells its operators; never a value of a record."""
