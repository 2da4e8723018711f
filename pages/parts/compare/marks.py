"""What tells the runs of a comparison apart, and the best of them."""

from html import escape

from vae.comparison import Row


def texts(row: Row, unit: str = "") -> list[str]:
    """The texts of a row's values, the best bold."""
    written = [row.text(i) + unit for i in range(len(row.values))]
    return [f"<b>{text}</b>" if i in row.best else text for i, text in enumerate(written)]


def name(i: int, run: str) -> str:
    """The name of run i after its colour, which is that of its curves."""
    return f'<i class="swatch" style="background: var(--run-{i})"></i>{escape(run)}'
