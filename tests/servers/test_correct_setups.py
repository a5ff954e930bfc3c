"""A correct endpoint stays one behind the web servers of the field: the check raises no alarm."""

from solusio_contracts.reporting.report import Outcome


def alarms(judged):
    found = judged.report.with_outcome(Outcome.FAIL, Outcome.WARN, Outcome.ERROR)
    return judged.exit, [result.rule for result in found]


def test_nginx_with_php_fpm(backend, judge):
    judged = judge(backend)
    assert alarms(judged) == (0, []), judged.output


def test_nginx_that_refuses_large_bodies(nginx, judge):
    with nginx(server="client_max_body_size 16k;") as url:
        judged = judge(url)
    assert alarms(judged) == (0, []), judged.output


def test_apache_with_php_fpm(apache, judge):
    with apache() as url:
        judged = judge(url)
    assert alarms(judged) == (0, []), judged.output


def test_apache_with_the_core_rules_of_modsecurity(firewall, judge):
    """ModSecurity 2.9 itself answers 500 to a body that it cannot parse: that is advice, and no failure."""
    with firewall() as url:
        judged = judge(url)
    assert alarms(judged) == (0, ["other-bodies", "no-server-error"]), judged.output
    assert "from Apache, not from your program (status 500)" in judged.first.title
    assert "ModSecurity could not parse the request" in judged.first.advice


def test_caddy_as_a_reverse_proxy(caddy, judge):
    with caddy() as url:
        judged = judge(url)
    assert alarms(judged) == (0, []), judged.output


def test_haproxy(haproxy, judge):
    with haproxy() as url:
        judged = judge(url)
    assert alarms(judged) == (0, []), judged.output
