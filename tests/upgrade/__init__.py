"""Databases of earlier releases, and the promise that the present program finishes everything in them."""
