"""The browser's pages: server-rendered, readable without scripts, one design system of macros in templates/_macros.

Owns no table. Pages show what services return and nothing else: no figure is made up here, and an empty answer has an
empty state. `alquimista.web.pages.ROUTES` is what the composition root mounts.
"""
