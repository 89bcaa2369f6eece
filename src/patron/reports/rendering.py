"""Rendering: templates filled with values, as pages of one file each that need no network and no script."""

import re
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from patron import formatting

__all__ = ["inline", "render"]

LINE = r"""(\[?\b[\w.]+\]? = (?:"[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[\d.]+))"""


def render(template: str, currency: str, **values: Any) -> str:
    """Return a page as text; the same values give the same page to the last byte.

    Args:
        template: its name in `patron/reports/templates`.
        currency: code or sign of the currency that all money on it is in.
        **values: what the template names.
    """
    return _environment(currency).get_template(template).render(**values)


def inline(svg: str) -> Markup:
    """Return an SVG as part of a page: in the page's own font, without the head and the names that a file needs."""
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r' xmlns(:xlink)?="[^"]*"| id="\w+_\d+"|font-family: [^;"]*;? ?', "", drawing)
    drawing = drawing.replace("<svg", '<svg role="img"', 1)
    # Made by matplotlib, which has escaped all texts in it.
    return Markup(drawing)


@cache
def _environment(currency: str) -> Environment:
    """Return what keeps templates compiled, as compiling them takes longer than filling them."""
    loader = PackageLoader("patron.reports")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "money": partial(_money, currency),
        "rough": lambda value: formatting.rough(value, currency),
        "percent": formatting.percent,
        "date": formatting.date,
        "count": formatting.count,
        "coded": _coded,
        "hundred": formatting.hundred,
        "figure": lambda figure: str(figure).replace("-", formatting.MINUS),
    }
    return environment


def _coded(text: str) -> Markup:
    """Return a sentence as part of a page, its lines of settings, such as gaps = "closed", set as code."""
    parts = re.split(LINE, text)
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts))


def _money(currency: str, value: float, digits: int = 0) -> str:
    return formatting.money(value, currency, digits)
