"""How long the page takes for one digit: `python -m benchmarks.browser_decode`.

Every shipped run's decoder, in headless Chromium: the median and the 95th percentile of 300
decodes, after 30 that do not count, and what the bundle weighs. Then the page's scripts: what they
weigh, and how long Chromium takes from their text to the first call.
"""

import argparse
import gzip
from base64 import b64encode

import numpy as np
from playwright.sync_api import Page, Route

from benchmarks.browser import chromium
from vae import inference, live, runs
from vae.live import scripts

HOST = "http://scripts.test/"  # answered here: nothing is asked of a network
TIMED = """async ([text, latents]) => {
    const { unpack } = await import("./bundle.js");
    const { Decoder } = await import("./network.js");
    const decoder = new Decoder(unpack(Uint8Array.from(atob(text), c => c.charCodeAt())));
    return latents.map(latent => {
        const start = performance.now();
        decoder.decode(latent);
        return performance.now() - start;
    });
}"""
LOADED = """async text => {
    const start = performance.now();
    await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    return performance.now() - start;
}"""


def main() -> None:
    """Print a line for each shipped run, and one for each script."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with chromium() as browser:
        page = browser.new_page()
        page.route(f"{HOST}**", _answer)
        page.goto(HOST)
        for run in runs.list_runs(runs.SHIPPED):
            _time_decoder(page, inference.Model(run))
        for entry in scripts.ENTRIES:
            _time_loading(page, entry)


def _answer(route: Route) -> None:
    name = route.request.url.removeprefix(HOST)
    kind = "text/javascript" if name else "text/html"
    route.fulfill(body=scripts.source(name) if name else "", content_type=kind)


def _time_decoder(page: Page, model: inference.Model) -> None:
    bundle = live.decoder_bundle(model)
    latents = np.random.default_rng(0).normal(size=(330, model.latent_dim))
    times = page.evaluate(TIMED, [b64encode(bundle).decode(), latents.tolist()])[30:]
    median, slow = np.quantile(times, (0.5, 0.95))
    print(
        f"{model.name}: median {median:.2f} ms, 95th percentile {slow:.2f} ms; "
        f"{len(bundle) / 1e6:.2f} MB"
    )


def _time_loading(page: Page, entry: str) -> None:
    text = scripts.joined(entry)
    times = [page.evaluate(LOADED, text) for _ in range(20)]
    packed = len(gzip.compress(text.encode(), mtime=0))
    print(
        f"{entry}: {len(text) / 1e3:.0f} kB, compressed {packed / 1e3:.0f} kB; "
        f"loaded in {np.median(times):.0f} ms (median of 20)"
    )


if __name__ == "__main__":
    main()
