"""Latent Digits: routes to the pages, and nothing else.

`streamlit run` finds `app` in here and serves that. It runs this file again for each visitor, as
does a host that only knows how to run a script: there the app lacks its headers, and no more.
"""

import streamlit as st

from pages.shared import navigation
from server import MIDDLEWARE
from server.headers import policy
from server.loading import lifespan
from vae.limits import check_environment

if __name__ == "__main__":
    navigation.route()
else:
    check_environment(policy)
    app = st.App(__file__, lifespan=lifespan, middleware=MIDDLEWARE)
