"""The words that every feature uses: shapes of what callers write and see, columns of what belongs to somebody."""
