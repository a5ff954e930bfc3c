"""URLs, parsed for the socket, the request line and the Host header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_contracts.http.url import Origin, is_loopback, quoted_query


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h", ("http", "h", 80, "/", "h")),
        ("https://h/", ("https", "h", 443, "/", "h")),
        (
            "HTTP://Billing.Example.COM/Api/",
            ("http", "billing.example.com", 80, "/Api/", "billing.example.com"),
        ),
        ("http://h:80/a", ("http", "h", 80, "/a", "h")),
        ("https://h:80/a", ("https", "h", 80, "/a", "h:80")),
        ("http://h:8080/a?b=c&d", ("http", "h", 8080, "/a?b=c&d", "h:8080")),
        ("http://h/a#part", ("http", "h", 80, "/a", "h")),
        ("http://h/a?b#part?x", ("http", "h", 80, "/a?b", "h")),
        ("http://h/a;b=1?", ("http", "h", 80, "/a;b=1", "h")),
        ("http://h/ä b?ö=%C3%BC+1", ("http", "h", 80, "/%C3%A4%20b?%C3%B6=%C3%BC+1", "h")),
        ('http://h/a[b]{c}|d"e<f>', ("http", "h", 80, "/a%5Bb%5D%7Bc%7D%7Cd%22e%3Cf%3E", "h")),
        ("http://user:pass@h:81/", ("http", "h", 81, "/", "h:81")),
        ("http://127.0.0.1:8000/", ("http", "127.0.0.1", 8000, "/", "127.0.0.1:8000")),
        ("http://[::1]/", ("http", "::1", 80, "/", "[::1]")),
        ("http://[::1]:8000/", ("http", "::1", 8000, "/", "[::1]:8000")),
        ("http://[fe80::1%25eth0]/", ("http", "fe80::1%eth0", 80, "/", "[fe80::1]")),
        ("http://bücher.example/", ("http", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example")),
        ("http://my_host.internal./", ("http", "my_host.internal.", 80, "/", "my_host.internal.")),
        ("http://h:/", ("http", "h", 80, "/", "h")),
    ],
)
def test_a_url_is_taken_apart(url, expected):
    origin = Origin.of(url)
    assert (origin.scheme, origin.host, origin.port, origin.path, origin.host_header) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "localhost:8000/api",
        "ftp://h/",
        "http://",
        "http:///a",
        "http://:80/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:port/",
        "http://h:-1/",
        "http://[::1/",
        "http://a..b/",
        "http://.a/",
        "http://-a/",
        "http://a b/",
        "http://a\\b/",
        "http://" + "a" * 64 + ".example/",
        "http://\u2024/",
        "http://a\u3002\u3002b/",
        "http://*/",
    ],
)
def test_what_is_not_a_url_with_a_host_is_refused(url):
    with pytest.raises(ValueError, match=r".") as caught:
        Origin.of(url)
    # A codec's own message does not help.
    assert not isinstance(caught.value, UnicodeError)


@given(st.text(max_size=40))
def test_any_text_gives_an_origin_or_a_value_error(text):
    for url in (text, f"http://{text}", f"http://h/{text}", f"http://h?{text}"):
        try:
            origin = Origin.of(url)
        except ValueError:
            continue
        assert origin.path.isascii()
        assert not set(origin.path) & set(' "<>[]{}|\\^`\n\r\t#')
        assert origin.host_header.isascii()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.example./", "h.example"),
        ("https://[fe80::1%25eth0]/", "fe80::1"),
        ("https://[::1]/", "::1"),
        ("https://Bücher.example/", "xn--bcher-kva.example"),
    ],
)
def test_the_name_that_a_certificate_must_be_for(url, expected):
    assert Origin.of(url).server_name == expected


def test_a_query_is_escaped_where_it_must_be():
    assert quoted_query("a=1&b=ü x#y\udcff%20+?") == "a=1&b=%C3%BC%20x%23y%FF%20+?"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        *((name, True) for name in ("localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]")),
        *((name, True) for name in ("localhost.", "::ffff:127.0.0.1")),
        *((name, False) for name in ("localhost.example", "10.0.0.1", "::", "example.com", "")),
    ],
)
def test_what_is_this_machine(host, own):
    assert is_loopback(host) is own
