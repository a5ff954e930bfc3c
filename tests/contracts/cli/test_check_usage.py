"""Wrong usage ends with code 2 and a line that names the option, what was expected and what came."""

import pytest

URL = "http://127.0.0.1:9/solusio/"
USER = ("--user-id", "1")


@pytest.fixture
def refused(check):
    def run(*arguments: object) -> str:
        result = check(*arguments)
        assert result.code == 2
        assert result.output == ""
        assert "Traceback" not in result.errors
        return " ".join(result.errors.split())

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([URL], ["--user-id"]),
        ([*USER], ["URL"]),
        ([URL, "--user-id", "abc"], ["--user-id", "'abc'", "integer"]),
        ([URL, "--user-id", "0"], ["--user-id", "0", "1"]),
        ([URL, "--user-id", "7", "--unknown-user-id", "7"], ["--unknown-user-id", "7", "--user-id"]),
        (["ftp://example.com/", *USER], ["URL", "http://HOST", "'ftp://example.com/'"]),
        (["billing.example.com/solusio", *USER], ["URL", "http://HOST", "'billing.example.com/solusio'"]),
        (["http://[::1/", *USER], ["URL", "IPv6"]),
        (["http://127.0.0.1:99999/", *USER], ["URL", "ort", "65535"]),
        ([URL, *USER, "--header", "Accept"], ["--header", "'Name: value'", "'Accept'"]),
        ([URL, *USER, "--header", "X-Name: Zoë ☺"], ["--header", "☺"]),
        ([URL, *USER, "--report", "foo=x"], ["--report", "json=FILE", "'foo=x'"]),
        ([URL, *USER, "--report", "json"], ["--report", "json=FILE", "'json'"]),
        ([URL, *USER, "--only", "no-such-rule"], ["'no-such-rule'", "--list-rules"]),
        ([URL, *USER, "--skip", "TP-999"], ["'TP-999'", "--list-rules"]),
        ([URL, *USER, "--only", "http", "--skip", "http"], ["--only", "--skip", "no rule"]),
        ([URL, *USER, "--no-fuzz", "--only", "fuzz"], ["--no-fuzz", "no rule"]),
        ([URL, *USER, "--insecure"], ["--insecure", "https"]),
        ([URL, *USER, "--quiet", "--verbose"], ["--quiet", "--verbose"]),
        ([URL, *USER, "--timeout", "soon"], ["--timeout", "'soon'"]),
        ([URL, *USER, "--timeout", "nan"], ["--timeout", "nan"]),
        ([URL, *USER, "--fuzz-seconds", "inf"], ["--fuzz-seconds", "inf"]),
        ([URL, *USER, "--fuzz-examples", "0"], ["--fuzz-examples", "0 "]),
        ([URL, *USER, "--baseline", "missing.toml"], ["--baseline", "missing.toml"]),
        ([URL, *USER, "--config", "missing.toml"], ["--config", "missing.toml"]),
        ([URL, *USER, "--nonsense"], ["--nonsense"]),
        (["--explain", "TP-999"], ["'TP-999'", "--list-rules"]),
    ],
)
def test_wrong_usage(arguments, words, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    complaint = refused(*arguments)
    for word in words:
        assert word in complaint


def test_files_that_cannot_be_used(refused, tmp_path):
    (tmp_path / "text").write_text("neither TOML nor PEM")
    for options, word in [
        (["--report", f"json={tmp_path}"], str(tmp_path)),
        (["--report", f"json={tmp_path / 'text' / 'report.json'}"], "cannot write"),
        (["--write-baseline", tmp_path / "text" / "baseline.toml"], "cannot write"),
        (["--baseline", tmp_path / "text"], "--baseline"),
        (["--config", tmp_path / "text"], "--config"),
    ]:
        assert word in refused(URL, *USER, *options)
    secure = "https://127.0.0.1:9/"
    assert "--cacert" in refused(secure, *USER, "--cacert", tmp_path / "text")
    authorities = "--cacert", tmp_path / "text", "--insecure"
    assert "--insecure and --cacert" in refused(secure, *USER, *authorities)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[check", ["own.toml: not valid TOML: Expected ']'"]),
        ("[chekc]\ntimeout = 1", ["[check]", "chekc"]),
        ("[check]\nseed = 1\n[chekc]\ntimeout = 1", ["expected a table [check], got check, chekc"]),
        ("check = 5", ["table [check]"]),
        ("[check]\ntokn = 'x'", ["'tokn'", "Did you mean: token?"]),
        ("[check]\nconfig = 'x'", ["'config'", "Known options:", "user-id"]),
        ("[check]\ntimeout = '5'", ["timeout", "a finite number", "'5'"]),
        ("[check]\ntimeout = nan", ["timeout", "a finite number", "nan"]),
        ("[check]\nuser-id = 1", ["user-id", "a list", "got 1"]),
        ("[check]\nuser-id = [1.9]", ["user-id[0]", "an integer", "1.9"]),
        ("[check]\nuser-id = [2, true]", ["user-id[1]", "an integer", "true"]),
        ("[check]\nuser_id = [1]\nuser-id = [2]", ["'user-id' twice"]),
        ("[check]\nfuzz = 0", ["fuzz", "true or false", "got 0"]),
        ("[check]\ntoken = 12345678", ["token", "a string"]),
        ("[check]\nseed = -1", ["--seed", "-1"]),
    ],
)
def test_a_wrong_configuration_file(text, words, refused, tmp_path):
    (tmp_path / "own.toml").write_text(text)
    complaint = refused(URL, *USER, "--config", tmp_path / "own.toml")
    for word in words:
        assert word in complaint
    assert "12345678" not in complaint  # a token, if of the wrong type


# Where options come from


def test_the_token_comes_from_the_environment_unless_given(check, good, token):
    only = ["--only", "answered"]
    assert check(good.url, *USER, *only, token=token).code == 0
    assert check(good.url, *USER, *only, token=None).code == 1
    assert check(good.url, *USER, *only, "--token", token, token=None).code == 0
    assert check(good.url, *USER, *only, "--token", "not-this-one", token=token).code == 1


def test_the_configuration_file_is_found_and_yields_to_the_command_line(
    check, good, token, tmp_path, monkeypatch
):
    lines = [f'url = "{good.url}"', "user-id = [1, 2]", f'token = "{token}"', 'only = ["discount-key"]']
    lines += ["quiet = true", "seed = 7"]
    (tmp_path / "mock-solusio.toml").write_text("\n".join(["[check]", *lines]))
    monkeypatch.chdir(tmp_path)
    run = check(token=None, folder=tmp_path)
    assert (run.code, run.json["seed"], run.json["users"]) == (0, 7, [1, 2])
    assert len(run.output.splitlines()) == 1
    run = check("--user-id", 3, "--seed", 8, "--only", "base-cost", token=None, folder=tmp_path)
    assert (run.code, run.json["seed"], run.json["users"]) == (0, 8, [3])
    assert [result["rule"] for result in run.json["results"]] == ["base-cost"]
    # The environment comes between the two.
    assert check("--only", "answered", token="not-this-one", folder=tmp_path).code == 1
    (tmp_path / "own.toml").write_text("[check]\nuser-id = [4]")
    run = check(good.url, "--config", "own.toml", "--only", "answered", folder=tmp_path)
    assert (run.code, run.json["users"]) == (0, [4])
