"""A badge: the score of M, A, C and H in one small picture, with nothing fetched from elsewhere."""

from machgen.check.engine import Report
from machgen.check.reports import scores

_GREEN, _YELLOW, _RED, _GREY = "#2e7d32", "#b08800", "#c62828", "#6b6b6b"


def show(report: Report) -> str:
    """Return the report as SVG."""
    cells = [
        (score.letter, "–" if score.percent is None else f"{score.percent}", _colour(score.percent))
        for score in scores(report)
    ]
    width = 66 + 46 * len(cells)
    title = "machgen check: " + ", ".join(f"{letter} {value}" for letter, value, _ in cells)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        f'<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath><g clip-path="url(#r)">',
        '<rect width="66" height="20" fill="#444"/>',
    ]
    parts += [
        f'<rect x="{66 + 46 * number}" width="46" height="20" fill="{colour}"/>'
        for number, (_, _, colour) in enumerate(cells)
    ]
    parts.append('</g><g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">')
    parts.append('<text x="33" y="14">machgen</text>')
    parts += [
        f'<text x="{89 + 46 * number}" y="14">{letter} {value}</text>'
        for number, (letter, value, _) in enumerate(cells)
    ]
    return "\n".join([*parts, "</g></svg>"]) + "\n"


def _colour(percent: int | None) -> str:
    if percent is None:
        return _GREY
    return _GREEN if percent >= 95 else _YELLOW if percent >= 70 else _RED
