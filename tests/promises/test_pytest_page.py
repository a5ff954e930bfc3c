"""The examples of docs/pytest.md, as they stand there."""

import re

import pytest

import mock_solusio.testing  # noqa: F401 - or pytester drops what a run has imported, and imports it again


@pytest.fixture(scope="module")
def files(documents) -> dict[str, str]:
    """The files that the page shows."""
    found = re.findall(
        r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", documents["docs/pytest.md"], re.DOTALL | re.MULTILINE
    )
    return dict(found)


def test_the_tests_with_respx_pass(files, pytester):
    for name in ("collect.py", "test_collect.py"):
        pytester.path.joinpath(name).write_text(files[name], encoding="utf-8")
    pytester.syspathinsert()
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_without_the_plugin_of_faker_the_fixture_works_and_does_not_import_it(files, pytester):
    pytester.path.joinpath("pyproject.toml").write_text(files["pyproject.toml"], encoding="utf-8")
    pytester.makepyfile(
        """
        import sys

        def test_it(solusio):
            solusio.create_user()
            assert "faker" not in sys.modules
        """
    )
    pytester.runpytest_subprocess(timeout=120).assert_outcomes(passed=1)
