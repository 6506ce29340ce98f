"""Signing in and out, and what is one's own: password, second factor, preferences, notifications."""

from typing import Final

from alquimista.web.pages.account import (
    accounts,
    home,
    notifications,
    passwords,
    preferences,
    profile,
    second_factor,
    security,
    sessions,
    signin,
)

ROUTES: Final = (
    *accounts.ROUTES,
    *home.ROUTES,
    *notifications.ROUTES,
    *passwords.ROUTES,
    *preferences.ROUTES,
    *profile.ROUTES,
    *second_factor.ROUTES,
    *security.ROUTES,
    *sessions.ROUTES,
    *signin.ROUTES,
)
