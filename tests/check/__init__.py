"""What `machgen check` finds, and what it must not find."""
