"""Commands and URLs that tell a billing system to bill."""

import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from solusio_contracts.adapter import command_runner, steps
from solusio_contracts.adapter.command_runner import run_command, words_of
from solusio_contracts.adapter.steps import (
    AdapterError,
    BillingError,
    CommandAdapter,
    UnreachableError,
    UrlAdapter,
    adapter_of,
    hide_password,
)
from solusio_contracts.http.masking import Mask
from solusio_contracts.invoices.job import PLACEHOLDERS, BillingJob
from support.endpoint import endpoint

TOKEN = "access-token-of-the-administrator"
PYTHON = shlex.quote(sys.executable)


def adapter(step: str, template: str, **options: Any) -> CommandAdapter | UrlAdapter:
    return adapter_of(step, template, placeholders=PLACEHOLDERS, **options)


@pytest.fixture
def order(tmp_path: Path) -> BillingJob:
    file = tmp_path / "customers.json"
    file.write_text('{"customers": []}')
    return BillingJob(
        period="2026-03",
        since="2026-03-01T00:00:00Z",
        until="2026-04-01T00:00:00Z",
        solusio_url="http://127.0.0.1:8008",
        access_token=TOKEN,
        customers=b'{"customers": []}',
        customers_file=file,
    )


@pytest.fixture
def mask() -> Mask:
    mask = Mask()
    mask.hide(TOKEN, "***")
    return mask


@pytest.fixture
def command(mask):
    def make(code: str, *words: str, timeout: float = 30) -> CommandAdapter:
        template = shlex.join([sys.executable, "-S", "-c", code, *words])
        made = adapter("bill", template, timeout=timeout, mask=mask)
        assert isinstance(made, CommandAdapter)
        return made

    return make


# Templates


def test_a_template_is_a_url_or_a_command(mask):
    assert isinstance(
        adapter("bill", "https://x.example/bill", timeout=1, mask=mask),
        UrlAdapter,
    )
    made = adapter("bill", "php 'my bill.php' --month={period}", timeout=1, mask=mask)
    assert isinstance(made, CommandAdapter)
    assert made.words == ("php", "my bill.php", "--month={period}")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("", "got nothing"),
        ("  ", "got nothing"),
        ("php 'bill.php", "no closing quotation"),
        ("php bill.php {month}", "unknown placeholder {month}; known placeholders: {period} {from} {to}"),
        ("http://", "not a valid URL"),
        ("http://x y/", "not a valid URL"),
        ("http://{period}/", "not a valid URL"),
        ("http://x:99999/", "not a valid URL"),
    ],
)
def test_a_template_that_cannot_work_is_refused(mask, template, said):
    with pytest.raises(AdapterError) as refused:
        adapter("bill", template, timeout=1, mask=mask)
    assert said in str(refused.value)


def test_braces_of_other_kinds_stay(command, order):
    assert command("print('{}{1}{A}')").run(order) == b"{}{1}{A}\n"


# Commands


def test_a_command_gets_its_values_as_words_and_in_its_environment(command, order):
    code = (
        "import os, sys; print(sys.argv[1:], os.environ['SOLUSIO_URL'], os.environ['SOLUSIO_ACCESS_TOKEN'],"
        " os.environ['SOLUSIO_PERIOD'], os.environ['SOLUSIO_CUSTOMERS'] == sys.argv[4])"
    )
    one = command(code, "{period}", "{from}", "--to={to}", "{customers}", "{solusio_url}")
    words = ["2026-03", order.since, f"--to={order.until}", str(order.customers_file), order.solusio_url]
    assert one.run(order).decode() == f"{words} {order.solusio_url} {TOKEN} 2026-03 True\n"


def test_what_is_put_in_a_template_is_never_split_or_interpreted(command, order, tmp_path):
    from dataclasses import replace

    strange = tmp_path / "a b; $(echo c)"
    shown = command("import sys; print(sys.argv[1:])", "{customers}").run(
        replace(order, customers_file=strange)
    )
    assert shown.decode() == f"{[str(strange)]}\n"


def test_the_token_is_not_in_what_is_shown(command, order):
    one = command("print()", TOKEN)
    assert TOKEN not in one.shown(order)


def test_a_command_that_is_not_there_cannot_be_started(mask, order):
    one = adapter("bill", "/no/such/program {period}", timeout=1, mask=mask)
    with pytest.raises(UnreachableError, match="/no/such/program cannot be started: No such file"):
        one.run(order)


@pytest.mark.parametrize(("code", "refused"), [(1, True), (127, True), (255, False)])
def test_an_exit_code_is_a_failure_with_the_end_of_what_was_said(command, order, code, refused):
    one = command(f"import sys; sys.stderr.write('x' * 5000 + '{TOKEN} broke'); sys.exit({code})")
    with pytest.raises(BillingError, match=f"ended with exit code {code}") as failed:
        one.run(order)
    assert failed.value.refused is refused
    assert failed.value.output.endswith("*** broke")
    assert len(failed.value.output) <= steps.TAIL + 1


def test_what_php_says_on_standard_output_is_kept_if_there_is_nothing_else(command, order):
    with pytest.raises(BillingError) as failed:
        command("import sys; print('PHP Fatal error: x'); sys.exit(255)").run(order)
    assert failed.value.output == "PHP Fatal error: x"


def test_a_crash_is_told_by_its_signal(command, order):
    with pytest.raises(BillingError, match="was ended by signal 9") as failed:
        command("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").run(order)
    assert not failed.value.refused


def test_what_is_no_utf_8_shows_as_escapes(command, order):
    with pytest.raises(BillingError) as failed:
        command("import sys; sys.stderr.buffer.write(b'caf\\xe9'); sys.exit(1)").run(order)
    assert failed.value.output == r"caf\xe9"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie that nobody has waited for yet is gone as well.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_command_that_takes_too_long_is_ended_with_its_children(command, order, tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    with pytest.raises(BillingError, match="did not end within 3 s"):
        command(code, timeout=3).run(order)
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_a_command_that_ignores_sigterm_is_ended_nevertheless(command, order, monkeypatch):
    monkeypatch.setattr(command_runner, "GRACE", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    with pytest.raises(BillingError, match="did not end"):
        command(code, timeout=2).run(order)


def test_a_child_that_is_left_behind_does_not_hold_the_answer_back(command, order, tmp_path, monkeypatch):
    monkeypatch.setattr(command_runner, "GRACE", 0.2)
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid)); print('done')"
    )
    assert command(code).run(order) == b"done\n"
    assert gone(int(pid.read_text()))


def test_output_without_end_is_bounded(command, order, monkeypatch):
    monkeypatch.setattr(steps, "LARGEST_OUTPUT", 2 * 1024 * 1024)
    with pytest.raises(BillingError, match="printed more than 2 MiB"):
        command("import sys\nwhile True: sys.stdout.write('x' * 100_000)").run(order)


def test_errors_without_end_keep_their_end(command, order):
    code = (
        "import sys\nfor _ in range(300): sys.stderr.write('x' * 10_000)\n"
        "sys.stderr.write('last'); sys.exit(3)"
    )
    with pytest.raises(BillingError) as failed:
        command(code).run(order)
    assert failed.value.output.endswith("xlast")


def test_ctrl_c_leaves_no_process(command, order, tmp_path):
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    seen: list[int] = []

    def interrupt() -> None:
        seen.append(int(pid.read_text()))
        deadline = time.monotonic() + 30
        while not command_runner._running:
            assert time.monotonic() < deadline
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        command(code).run(order)
    thread.join()
    assert gone(seen[0])


# URLs


@pytest.fixture
def server():
    with endpoint(lambda _: (200, {}, b"done")) as made:
        yield made


@pytest.fixture
def url(server, mask):
    def make(step: str, path: str, **options: object) -> UrlAdapter:
        made = adapter(step, server.url + path, **{"timeout": 30, "mask": mask, **options})
        assert isinstance(made, UrlAdapter)
        return made

    return make


def test_the_three_steps_over_http(url, server, order):
    assert url("prepare", "/customers").run(order) == b"done"
    assert url("bill", "/bill?month={period}").run(order) == b"done"
    assert url("invoices", "/invoices?from={from}", headers=(("X-Key", "k"),)).run(order) == b"done"
    prepare, bill, invoices = server.asked
    assert (prepare.method, prepare.body) == ("POST", order.customers)
    assert prepare.headers["Content-Type"] == "application/json"
    assert (bill.method, bill.target) == ("POST", "/bill?month=2026-03")
    assert json.loads(bill.body) == {
        "period": "2026-03",
        "from": order.since,
        "to": order.until,
        "solusio_url": order.solusio_url,
        "access_token": TOKEN,
    }
    assert (invoices.method, invoices.target) == ("GET", "/invoices?from=2026-03-01T00%3A00%3A00Z")
    assert invoices.headers["X-Key"] == "k"


def test_steps_share_no_cookies(url, server, order):
    server.answer = lambda _: (200, {"Set-Cookie": "session=1; Path=/"}, b"done")
    for step in ("prepare", "bill"):
        url(step, f"/{step}").run(order)
    assert [one.headers.get("Cookie") for one in server.asked] == [None, None]


@pytest.mark.parametrize(
    ("status", "headers", "said", "refused"),
    [
        (500, {}, "was answered with status 500", False),
        (409, {}, "was answered with status 409", True),
        (302, {"Location": "/login"}, "was answered with status 302 to /login", False),
    ],
)
def test_another_status_is_a_failure(url, server, order, status, headers, said, refused):
    server.answer = lambda _: (status, headers, f"Whoops {TOKEN}".encode())
    with pytest.raises(BillingError, match=said) as failed:
        url("bill", "/bill").run(order)
    assert (failed.value.output, failed.value.refused) == ("Whoops ***", refused)


def test_nobody_who_listens_cannot_be_reached(order, mask):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one = adapter("bill", f"http://127.0.0.1:{port}/bill", timeout=5, mask=mask)
    with pytest.raises(UnreachableError, match=f"http://127.0.0.1:{port}/bill cannot be reached"):
        one.run(order)


def test_no_answer_in_time_is_a_failure(url, server, order):
    server.answer = lambda _: server.released.wait(30) and None
    with pytest.raises(BillingError, match=r"was not answered within 0\.3 s"):
        url("bill", "/bill", timeout=0.3).run(order)


def test_an_answer_without_end_is_bounded(url, server, order, monkeypatch):
    monkeypatch.setattr(steps, "LARGEST_OUTPUT", 1024 * 1024)
    server.answer = lambda _: (200, {}, b"x" * 3_000_000)
    with pytest.raises(BillingError, match="sent more than 1 MiB"):
        url("invoices", "/invoices").run(order)


def test_a_password_in_a_url_is_not_shown(mask, order):
    template = "https://ann:secret-word@x.example/bill"
    hide_password(template, mask)
    assert "secret-word" not in mask(template)
    assert "secret-word" not in adapter("bill", template, timeout=1, mask=mask).shown(order)


def test_a_redirect_is_a_result_only_where_that_is_allowed(mask, order):
    with endpoint(lambda _: (302, {"Location": "/elsewhere"}, b"")) as server:
        with pytest.raises(BillingError, match="status 302 to /elsewhere"):
            adapter("bill", server.url, timeout=30, mask=mask).run(order)
        made = adapter("bill", server.url, timeout=30, mask=mask, follows=True)
        assert made.run(order) == f"{server.url}/elsewhere".encode()


def test_what_had_to_be_ended_did_not_end_by_itself(command, order):
    with pytest.raises(BillingError) as failed:
        command("import sys; sys.exit(255)").run(order)
    assert (failed.value.refused, failed.value.ended) == (False, True)
    with pytest.raises(BillingError) as failed:
        command("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").run(order)
    assert not failed.value.ended


@pytest.mark.parametrize(
    ("command", "windows", "words"),
    [
        (r"php 'my app\bill.php' {period}", False, ["php", r"my app\bill.php", "{period}"]),
        (r"C:\php\php.exe bill.php # 1", True, [r"C:\php\php.exe", "bill.php", "#", "1"]),
        (r'"C:\Program Files\php\php.exe" x', True, [r"C:\Program Files\php\php.exe", "x"]),
        (r"a\ b c", False, ["a b", "c"]),
    ],
)
def test_a_command_is_split_as_its_system_does(command, windows, words):
    assert words_of(command, windows=windows) == words


def test_a_command_ends_where_there_are_no_process_groups(monkeypatch):
    monkeypatch.delattr(os, "killpg")
    begin = time.monotonic()
    done = run_command(
        [sys.executable, "-S", "-c", "import time; time.sleep(600)"], {}, timeout=0.2, largest=100
    )
    assert done.problem == "did not end within 0.2 s"
    assert time.monotonic() - begin < 60
