"""The board to draw on: a component of this app, its strokes as paths and sent on pen-up.

It keeps the strokes itself, so undo and clear act at once and take nothing that is on its way.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from streamlit.components import v2

from vae.preprocess.strokes import Stroke

SIZE = 280  # pixels in which strokes are told; fits a phone of 390
_HERE = Path(__file__).parent
_HTML = """
<div class="board">
  <div class="paper">
    <canvas role="img" aria-label="The board: draw a digit here"></canvas>
    <div class="hint">Draw a digit here</div>
  </div>
  <div class="buttons">
    <button class="undo" disabled>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5 4 10l5 5M4 10h9a6 5 0 0 1 0 10h-4"/>
      </svg>Undo</button>
    <button class="clear" disabled>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13"/>
      </svg>Clear</button>
  </div>
</div>
"""


class Drawing(TypedDict):
    """What is on the board; `picture` says whether the picture is still there."""

    version: int
    strokes: list[Stroke]
    picture: bool


def board(version: int, strokes: Sequence[Stroke], width: float, picture: str) -> Drawing | None:
    """The board; None until something is drawn on it.

    Args:
        version: another one puts `strokes` and `picture` in place of what is there.
        strokes: in pixels of a board of 280 x 280.
        width: of the pen, in the same pixels.
        picture: a URL, or nothing.
    """
    component = v2.component(
        "board",
        html=_HTML,
        css=(_HERE / "board.css").read_text(),
        js=(_HERE / "board.js").read_text(),
    )
    result = component(
        data={"version": version, "strokes": strokes, "width": width, "picture": picture},
        key="board",
        default={"drawing": None},
        on_drawing_change=lambda: None,
    )
    return result.drawing
