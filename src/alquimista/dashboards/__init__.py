"""Dashboards: the composed reads behind /tenant/* and the first pages.

Owns alquimista_platform.saved_views, of which a person sees their own alone, and no other table. It stands above the
rooms that it reads, and its SQL joins their tables so that an answer is one round trip. Every figure comes from sums: a
rate is computed last, from the totals of its period.
"""
