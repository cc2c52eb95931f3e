"""How the gateway holds on the wire: under load, under faults, under attack."""
