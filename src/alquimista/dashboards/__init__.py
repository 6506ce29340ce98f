"""Dashboards: the composed reads behind /tenant/* and the first pages.

Owns no table. It stands above the rooms that it reads, and its SQL joins their tables so that an answer is one round
trip. Every figure comes from sums: a rate is computed last, from the totals of its period.
"""
