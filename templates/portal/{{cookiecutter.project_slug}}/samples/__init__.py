"""Sample data: a made-up company with its people, rules and things."""
