"""Wherever the command line takes a name, a mistyped one is answered with the name that was meant."""

import pytest

from support.commands import invoke

CHECK = ("check", "http://127.0.0.1:1/", "--user-id", "1")
INVOICES = ("invoices", "check", "--bill", "x", "--invoices", "y")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["chek"], "check"),
        (["reference", "chck"], "check"),
        (["reference", "customers", "lst"], "list"),
        (["invoices", "shwo"], "show"),
        (["contract", "sho"], "show"),
        (["fleet", "genrate"], "generate"),
        ([*CHECK, "--tiemout", "3"], "--timeout"),
        (["serve", "--fixture", "x"], "--fixtures"),
        (["reference", "serve", "--stor", "x"], "--store"),
        ([*CHECK, "--only", "discont-key"], "discount-key"),
        ([*CHECK, "--skip", "autorization"], "authorization"),
        (["check", "--explain", "discont-key"], "discount-key"),
        (["check", "--explain", "TP-41"], "TP-041"),
        ([*CHECK, "--report", "junt=x"], "junit"),
        (["contract", "show", "TP-0411"], "TP-041"),
        (["contract", "show", "CreateUsr"], "createUser"),
        (["contract", "export", "--document", "solus-api", "--output", "-"], "solusio-api"),
        (["invoices", "show", "vendor-70-hours"], "vendor-700-hours"),
        ([*INVOICES, "--only", "resize-mid-mont"], "resize-mid-month"),
        (["users", "shwo"], "show"),
        (["users", "show", "login-anwser-lost"], "login-answer-lost"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_right_one(arguments, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    said = " ".join(result.stderr.split())
    assert "id you mean" in said, said
    assert meant in said.partition("id you mean")[2], said
