"""How long the page takes for one digit: `python -m benchmarks.browser_decode`.

Every shipped run's decoder, in headless Chromium: the median and the 95th percentile of 300
decodes, after 30 that do not count, and what the bundle weighs.
"""

import argparse
import shutil
from base64 import b64encode
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from vae import inference, live, runs

CODE = Path(live.__file__).parent
TIMED = """([text, latents]) => {
    const decoder = new Decoder(unpack(Uint8Array.from(atob(text), c => c.charCodeAt())));
    return latents.map(latent => {
        const start = performance.now();
        decoder.decode(latent);
        return performance.now() - start;
    });
}"""


def main() -> None:
    """Print a line for each shipped run."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for name in ("bundle", "decoder"):
            page.add_script_tag(content=(CODE / f"{name}.js").read_text(encoding="utf-8"))
        for run in runs.list_runs(runs.SHIPPED):
            model = inference.Model(run)
            bundle = live.decoder_bundle(model)
            latents = np.random.default_rng(0).normal(size=(330, model.latent_dim))
            times = page.evaluate(TIMED, [b64encode(bundle).decode(), latents.tolist()])[30:]
            median, slow = np.quantile(times, (0.5, 0.95))
            print(
                f"{run.name}: median {median:.2f} ms, 95th percentile {slow:.2f} ms; "
                f"{len(bundle) / 1e6:.2f} MB"
            )
        browser.close()


if __name__ == "__main__":
    main()
