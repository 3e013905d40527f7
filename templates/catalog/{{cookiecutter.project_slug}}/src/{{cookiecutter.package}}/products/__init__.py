"""Products and their variants, as they are being worked on; what touchpoints see is published from here."""
