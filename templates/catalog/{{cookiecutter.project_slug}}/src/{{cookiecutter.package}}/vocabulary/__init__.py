"""The words that every feature uses: names, localized text, article numbers. No tables, no rules."""
