"""The words that every feature uses: validity, percentages, houses. No tables of their own, no rules."""
