"""The chassis: what every service of this kind has, and no service wants to write again."""
