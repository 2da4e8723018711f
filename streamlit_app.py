"""Latent Digits: routes to the pages, and nothing else."""

from pages.shared import navigation

navigation.route()
