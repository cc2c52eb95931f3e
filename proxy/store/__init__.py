"""What is remembered: pairs of ids, values set aside, creations under way, sessions."""
