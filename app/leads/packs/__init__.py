"""Packs of material as data: one JSON file per kind and product; ``"product": null`` is for every other product."""
