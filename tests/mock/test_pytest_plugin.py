"""The pytest plugin, as it is installed, in a test run of somebody else's."""

import mock_solusio.testing  # noqa: F401 - or pytester drops what a run has imported, and imports it again


def test_the_fixtures_are_there_and_do_what_they_say(pytester):
    pytester.makepyfile(
        """
        import threading
        import time
        from datetime import datetime, timedelta
        from urllib.request import Request, urlopen

        import httpx
        import pytest

        asking = []

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

            solusio.clock.advance("PT1H")
            solusio.clock.advance(timedelta(days=1))
            assert solusio.create_user()["created_at"] == "2026-03-02T02:00:00.000000Z"
            solusio.clock.set("2026-01-31T00:00:00Z")
            solusio.clock.advance("P1M")
            assert solusio.create_user()["created_at"] == "2026-02-28T00:00:00.000000Z"
            with pytest.raises(ValueError, match="such as PT1H, P1D or P1M, got '1M'"):
                solusio.clock.advance("1M")
            with pytest.raises(ValueError, match="with a time zone, got 2026-03-01T00:00:00"):
                solusio.clock.set(datetime(2026, 3, 1))

        def test_the_clock_runs_what_is_due(solusio):
            server = solusio.create_server(wait=False)
            assert solusio.mock.open_tasks() == 1
            solusio.clock.advance("PT1H")
            assert solusio.mock.open_tasks() == 0

        def test_a_refusal_says_why(solusio):
            with pytest.raises(httpx.HTTPStatusError) as caught:
                solusio.create_user(email="nope")
            assert str(caught.value).splitlines() == [
                "POST /api/v1/users: 422 Unprocessable Entity: The given data was invalid.",
                "  email: The email format is invalid.",
            ]
            with pytest.raises(httpx.HTTPStatusError, match="404 Not Found: There is no user 77"):
                solusio.call("GET", "users/77")

        def test_faults(solusio):
            ordered = solusio.faults.order("status", status=503, operation="createUser", times=2)
            for _ in range(2):
                with pytest.raises(httpx.HTTPStatusError, match="503"):
                    solusio.create_user()
            solusio.create_user()
            (listed,) = solusio.faults.list()
            assert (listed["id"], listed["hits"], listed["left"]) == (ordered["id"], 2, 0)
            solusio.faults.clear()
            assert solusio.faults.list() == []
            assert [entry.kind for entry in solusio.journal.read()] == ["api"] * 3

        def test_an_answer_that_is_not_json_is_shown(solusio):
            solusio.faults.order("status", status=502, body="<h1>Bad gateway</h1>")
            with pytest.raises(httpx.HTTPStatusError, match="502 Bad Gateway: <h1>Bad gateway</h1>"):
                solusio.create_user()

        @pytest.mark.parametrize(("kind", "fields", "message"), [
            ("statuss", {}, 'expected one of status, .*, got "statuss". Did you mean: status?'),
            ("status", {"status": 503, "tmes": 2}, "tmes: is not a known field; .* Did you mean: times?"),
            ("cut", {"operation": "createUsr"}, "no operation 'createUsr'. Did you mean: createUser?"),
            ("status", {"status": 503, "body": {1j}}, "cannot be written as JSON"),
        ])
        def test_a_wrong_fault_is_named(solusio, kind, fields, message):
            with pytest.raises(ValueError, match=message.replace("?", "[?]")):
                solusio.faults.order(kind, **fields)
            assert solusio.faults.list() == []

        @pytest.mark.solusio(clock="2026-03-01T00:00:00Z")
        def test_reset(solusio):
            solusio.create_user()
            solusio.clock.advance("P1M")
            solusio.faults.order("cut", operation="createUser")
            httpx.get(f"{solusio.url}/api/v1/users", params={"access_token": solusio.admin_token})
            assert solusio.findings
            solusio.reset()
            assert (solusio.findings, solusio.journal.read(), solusio.faults.list()) == ([], [], [])
            (administrator,) = solusio.call("GET", "users")
            assert administrator["created_at"] == "2026-03-01T00:00:00.000000Z"

        def test_the_end_releases_requests_and_leaves_no_thread(solusio):
            solusio.faults.order("timeout", seconds=3600, operation="listUsers")
            headers = {"Authorization": f"Bearer {solusio.admin_token}"}
            def ask():
                with pytest.raises(OSError):
                    urlopen(Request(f"{solusio.url}/api/v1/users", headers=headers))
            asking.append(threading.Thread(target=ask))
            asking[0].start()
            deadline = time.monotonic() + 60
            while not solusio.faults.list()[0]["hits"]:
                assert time.monotonic() < deadline

        def test_after_the_end(solusio_session):
            asking[0].join(60)
            assert not asking[0].is_alive()
            assert [one.name for one in threading.enumerate()].count("mock-solusio") == 1

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
    pytester.runpytest_inprocess().assert_outcomes(passed=19)


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
