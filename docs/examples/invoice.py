"""Read every customer's usage of a month and print the lines of their invoices.

    python invoice.py http://127.0.0.1:8008 ACCESS_TOKEN 2026-03

Only the standard library. Your billing system knows the price of a token; here it is the same for everyone.
"""

# ruff: noqa: S310, T201 - a program that prints and opens the URL it is given
import json
import sys
import urllib.request
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlencode

UNIT_COST = Decimal("0.001")
"""What one token costs."""


def month(text):
    """Return the first moment of a month such as 2026-03, and of the next month."""
    year, number = map(int, text.split("-"))
    following = (year, number + 1) if number < 12 else (year + 1, 1)
    return f"{text}-01T00:00:00Z", "{}-{:02}-01T00:00:00Z".format(*following)


def read(url, access_token, since, until):
    """Return all lines of a period, checked against SolusIO's totals."""
    lines = []
    page = f"{url}/api/v1/usage?" + urlencode({"from": since, "to": until, "per_page": 1000})
    while page:
        request = urllib.request.Request(page, headers={"Authorization": f"Bearer {access_token}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        lines += answer["data"]
        page = answer["links"]["next"]
    if not answer["meta"]["closed"]:
        sys.exit(f"the period is still running: metered until {answer['meta']['metered_until']}")
    totals = answer["meta"]["totals"]
    if (len(lines), sum(line["tokens"] for line in lines)) != (totals["lines"], totals["tokens"]):
        sys.exit("the lines do not match the totals; run it again")
    return lines


def main(url, access_token, period):
    """Print all invoices of a month."""
    customers = defaultdict(list)
    for line in read(url, access_token, *month(period)):
        customers[line["billing_user_id"]].append(line)
    for customer, lines in customers.items():
        tokens = sum(line["tokens"] for line in lines)
        amount = (tokens * UNIT_COST).quantize(Decimal("0.01"), ROUND_HALF_UP)
        print(f"customer {customer}: {tokens} tokens, ${amount}")
        for line in lines:
            what = f"{line['server_name']}, {line['resource']}, {line['plan']['name']}"
            print(f"  {what}: {line['hours']} h, {line['charge']}, {line['tokens']} tokens")


if __name__ == "__main__":
    main(*sys.argv[1:])
