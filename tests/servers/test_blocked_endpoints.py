"""Something in front of the endpoint answers every request in its place.

The first finding names it and says what to change there; of the endpoint itself nothing was tested, and so
nothing passes.
"""

import re

import pytest

from solusio_contracts.reporting.report import Outcome
from support.ports import reserved_port

LOGIN = "return 302 /login.php?next=$request_uri;"
BASIC = 'auth_basic "Staging"; auth_basic_user_file /dev/null;'
DENIED = "deny all;"
BLOCKED = 'SecRule ARGS:action "@streq GetTokenPricing" "id:100001,phase:2,deny,status:{},log"'


def names(judged, cause, *fixes):
    """Check that the first finding names the cause and what to change, and that nothing passed."""
    first = judged.first
    assert re.search(cause, f"{first.title}\n{first.actual}"), judged.output
    for fix in fixes:
        assert fix in first.advice, judged.output
    assert judged.exit != 0, judged.output
    assert judged.report.with_outcome(Outcome.PASS) == (), judged.output


@pytest.mark.parametrize(
    ("given", "cause", "fix"),
    [
        ({"server": BASIC}, r"password prompt of the web server \(.*Staging", "auth_basic off"),
        ({"server": LOGIN}, r"a redirect to a login page, http://.*/login\.php", "Exempt this URL"),
        (
            {"server": "client_max_body_size 30;"},
            r"limit on the size of requests.*\d\d bytes",
            "client_max_body",
        ),
        ({"server": DENIED}, r"this page comes from nginx, not from your program \(status 403\)", "`allow`"),
        ({"server": "return 404;"}, r"from nginx, not from your program \(status 404\)", "Check the URL"),
        ({"server": "return 503;"}, r"from nginx, not from your program \(status 503\)", "pm.max_children"),
        ({"php": 1}, r"from nginx, not from your program \(status 502\)", "Start the program"),
    ],
    ids=["password", "login", "body-size", "address", "path", "unavailable", "no-program"],
)
def test_nginx_answers_in_place_of_the_program(given, cause, fix, nginx, judge):
    with nginx(**given) as url:
        names(judge(url), cause, fix)


@pytest.mark.parametrize("status", [403, 406])
def test_modsecurity_refuses_every_question(status, firewall, judge):
    with firewall(BLOCKED.format(status)) as url:
        judged = judge(url)
    says = {403: r"from Apache, not from your program \(status 403\)", 406: r"firewall \(ModSecurity"}
    names(judged, says[status], "ModSecurity")


def test_apache_asks_for_a_password(apache, judge):
    basic = ("AuthType Basic", 'AuthName "Members"', "AuthUserFile /dev/null", "Require valid-user")
    location = "\n".join(["<Location />", *basic, "</Location>"])
    with apache("authn_core", "authn_file", "authz_user", "auth_basic", more=location) as url:
        names(judge(url), r'password prompt of the web server \(.*"Members"', "Require all granted")


@pytest.fixture
def nobody():
    """The number of a port at which nobody listens."""
    with reserved_port() as port:
        yield port


def test_haproxy_without_a_program(haproxy, nobody, judge):
    with haproxy(backend=nobody, backend_options="retries 0") as url:
        names(judge(url), r"from HAProxy, not from your program \(status 503\)")


def test_caddy_without_a_program(caddy, nobody, judge):
    with caddy(backend=nobody) as url:
        names(judge(url), r"from Caddy, not from your program \(status 502\)", "Start the program")


@pytest.fixture(scope="session")
def certificate(folder, authority):
    """A file with a certificate for 127.0.0.1 and its key."""
    file = folder / "certificate.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


def https_servers(name, request, certificate):
    """Return the context manager that runs a server which speaks https."""
    run = request.getfixturevalue(name)
    both = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};"
    given = {
        "nginx": {"listen": "ssl", "server": both},
        "haproxy": {"bind": f"ssl crt {certificate}"},
        "caddy": {"scheme": "https", "more": f"tls {certificate} {certificate}"},
    }
    return run(**given[name])


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_plain_http_to_a_port_that_speaks_https(name, request, certificate, judge):
    with https_servers(name, request, certificate) as url:
        names(judge(url), "this port speaks https, and the URL says http", "https://")


def test_https_to_a_port_that_speaks_plain_http(backend, judge):
    judged = judge(backend.replace("http:", "https:"))
    assert judged.exit == 3, judged.output
    assert "(does this port speak plain HTTP?)" in judged.output, judged.output
