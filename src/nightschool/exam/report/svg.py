"""The elements of a drawing, escaped. Colours are the page's: drawings carry classes and follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def tag(name: str, *inside: str | Markup, **attributes: str | float | None) -> Markup:
    """Return an element. Attribute names: `cls` is class, underscores are hyphens; text inside is escaped.

    >>> tag("text", "a < b", x=1.0, cls="label")
    Markup('<text x="1" class="label">a &lt; b</text>')
    """
    written = Markup("")
    for key, value in attributes.items():
        if value is not None:
            attribute = "class" if key == "cls" else key.replace("_", "-")
            written += Markup(' {}="{}"').format(Markup(attribute), number(value))
    body = Markup("").join(escape(part) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, body)


def number(value: str | float) -> str:
    """Return a coordinate with at most two decimals, or a text as it is."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def drawing(
    width: float, height: float, label: str, *inside: Markup, cls: str = "chart", stretch: bool = False
) -> Markup:
    """Return an svg that scales to the page. label: what a reader who cannot see it is told; stretch: fills its box."""
    box = f"0 0 {number(width)} {number(height)}"
    ratio = "none" if stretch else None
    told = tag("title", label)
    return tag("svg", told, *inside, viewBox=box, preserveAspectRatio=ratio, role="img", cls=cls, aria_label=label)


def text(x: float, y: float, words: str, cls: str = "", anchor: str = "start") -> Markup:
    """Return words at a place. anchor: start, middle or end."""
    return tag("text", words, x=x, y=y, cls=cls or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> Markup:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, cls=cls)


def rect(x: float, y: float, width: float, height: float, cls: str, radius: float = 0) -> Markup:
    """Return a rectangle; nothing is narrower than nothing."""
    return tag("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), rx=radius or None, cls=cls)


def dot(x: float, y: float, radius: float, cls: str, hover: str = "") -> Markup:
    """Return a circle, with words that show under the pointer."""
    inside = (tag("title", hover),) if hover else ()
    return tag("circle", *inside, cx=x, cy=y, r=radius, cls=cls)


def path(points: Sequence[tuple[float, float]], cls: str, **more: str | float | None) -> Markup:
    """Return a line through `points`. more: attributes, as `tag` takes them."""
    d = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return tag("path", d=d, cls=cls, **more)
