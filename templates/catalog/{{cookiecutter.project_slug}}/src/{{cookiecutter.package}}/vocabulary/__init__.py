"""The words that every feature uses: names, localized text, measures, article numbers. No tables, no rules."""
