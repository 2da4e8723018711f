"""What is seen of the app until its page is there: a digit that the shipped model draws.

It stands in the first answer that a browser gets, so it needs no script. Streamlit's own takes a
phone two to five seconds.
"""

import logging
import re
from pathlib import Path

from pages.shared import files
from pages.shared.once import Once

MODEL = "map"  # of two latent dimensions, and small: read in 0.05 s
_STYLES = (Path(__file__).parent / "waiting.css").read_text(encoding="utf-8")
_STYLE = re.sub(r"\s*\n\s*", "\n", re.sub(r"/[*].*?[*]/", "", _STYLES, flags=re.DOTALL)).strip()


@Once
def film() -> bytes:
    """The film as a PNG file, its frames one below the other; empty if there is no model for it.

    A page says what is wrong with a model, where it is needed.
    """
    # Imported here: a server listens without NumPy and LiteRT.
    from vae import film, pictures, runs
    from vae.inference import Model

    try:
        model = Model(runs.read(runs.SHIPPED / MODEL), lean=True)
        return pictures.png(film.strip(model))
    except (runs.RunError, ValueError) as error:
        logging.getLogger(__name__).warning("No digit is shown while pages load: %s", error)
        return b""


def address() -> str:
    """Where a browser finds the film, seen from the app's first page; empty if there is none."""
    return files.address("film", "png", film) if film() else ""


def block() -> str:
    """What stands in the page beside Streamlit's own, until that has something to show."""
    words, shown = "The page is on its way …", ""
    if address():
        shown = f'<div class="film"><img src="./{address()}" alt=""></div>'
        words = f"Nobody wrote this digit: a variational autoencoder drew it. <span>{words}</span>"
    return (
        f'<style>{_STYLE}</style><div id="first-paint">{shown}'
        f'<div role="status"><b>Latent Digits</b><p>{words}</p></div></div>'
    )


def hint() -> str:
    """What asks for the film before all that Streamlit's page asks for: sixty scripts, of which a
    browser fetches six at a time."""
    if not address():
        return ""
    return f'<link rel="preload" as="image" href="./{address()}" fetchpriority="high" />'
