"""People: who the signed-in persons are, what they prefer and what they have consented to."""
