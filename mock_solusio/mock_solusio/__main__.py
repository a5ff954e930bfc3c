"""Makes `python -m mock_solusio` the command `mock-solusio`."""

from mock_solusio.cli import main

if __name__ == "__main__":
    main()
