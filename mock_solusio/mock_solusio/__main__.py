"""Lets `python -m mock_solusio` be the command `mock-solusio`."""

from mock_solusio.cli import main

if __name__ == "__main__":
    main()
