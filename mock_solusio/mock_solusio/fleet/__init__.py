"""Realistic fleets: generated, described, drawn. `model` is pure; the modules around it read and write."""
