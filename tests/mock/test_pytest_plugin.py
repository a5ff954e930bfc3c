"""The pytest plugin, as it is installed, in a test run of somebody else's."""

import mock_solusio.testing  # noqa: F401 - or pytester drops what a run has imported, and imports it again


def test_the_fixtures_are_there_and_do_what_they_say(pytester):
    pytester.makepyfile(
        """
        import httpx
        import pytest

        def test_one_test_has_a_mock_of_its_own(solusio):
            user = solusio.create_user(billing_user_id=7)
            assert user["billing_user_id"] == 7
            assert len(solusio.call("GET", "users")) == 2

        def test_another_test_sees_nothing_of_it(solusio):
            assert len(solusio.call("GET", "users")) == 1
            with pytest.raises(httpx.HTTPStatusError, match="404"):
                solusio.call("GET", "users/2")

        def test_plans_and_servers(solusio):
            plan = solusio.create_plan(name="Tiny", tokens_per_hour=3)
            server = solusio.create_server(plan=plan["id"])
            assert (server["status"], server["plan"]["tokens_per_hour"]) == ("started", 3)
            waiting = solusio.create_server(wait=False)
            assert waiting["is_processing"] is True
            solusio.settle()
            assert solusio.call("GET", f"servers/{waiting['id']}")["status"] == "started"

        @pytest.mark.solusio(clock="2026-03-01T00:00:00Z", strict=True)
        def test_the_clock(solusio):
            assert solusio.create_user()["created_at"] == "2026-03-01T00:00:00.000000Z"
            solusio.clock.advance(3_600_000_000)
            assert solusio.create_user()["created_at"] == "2026-03-01T01:00:00.000000Z"

        def test_the_journal_hides_secrets(solusio):
            solusio.create_user(password="S3cret-enough")
            (entry,) = solusio.journal.read()
            assert entry.operation == "createUser"
            assert "S3cret-enough" not in str(entry)
            assert solusio.admin_token not in str(entry)

        def test_a_login_link_works_once(solusio):
            link = solusio.login_link(solusio.create_user()["id"])
            assert httpx.get(link).status_code in (302, 303)
            assert httpx.get(link).status_code >= 400

        first = []

        @pytest.mark.parametrize("time", [1, 2])
        def test_the_session_is_shared(solusio_session, time):
            first.append(solusio_session.url)
            assert len(set(first)) == 1
            solusio_session.create_user()
            assert len(solusio_session.call("GET", "users")) == time + 1
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=8)


def test_a_wrong_option_is_named(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.solusio(clok="2026-03-01T00:00:00Z")
        def test_it(solusio):
            pass
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*has no option clok; its options are admin_token, *"])


def test_nothing_is_imported_for_tests_that_use_none_of_it(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            heavy = {"starlette", "uvicorn", "msgspec", "mock_solusio.app", "solusio_contracts"}
            assert heavy & set(sys.modules) == set()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120).assert_outcomes(passed=1)
