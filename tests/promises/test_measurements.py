"""The pages of measurements are rendered from the recorded numbers."""

import importlib
import json

import pytest


@pytest.mark.parametrize(
    ("page", "renderer", "results"),
    [
        ("docs/detection.md", "detection_page", "detection"),
        ("docs/speed.md", "mock_speed_page", "mock_speed"),
        ("docs/usage-scale.md", "usage_scale_page", "usage_scale"),
        ("docs/billing-scale.md", "invoicing_page", "invoicing"),
    ],
)
def test_the_page_is_rendered_from_the_numbers(page, renderer, results, documents, root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    numbers = json.loads((root / "benchmarks" / "results" / f"{results}.json").read_text(encoding="utf-8"))
    assert documents[page] == importlib.import_module(renderer).render(numbers)
