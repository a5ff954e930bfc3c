"""What tests of several folders share. Fixtures that all of them get are in `tests/conftest.py`."""
