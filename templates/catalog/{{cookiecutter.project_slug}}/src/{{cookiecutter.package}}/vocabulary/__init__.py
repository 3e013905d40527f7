"""The words that every feature uses: keys, localized text, money, measures, article numbers. No tables, no rules."""
