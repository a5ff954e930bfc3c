"""Fault: an attribute that all threads share holds the customer during the database query."""

import time

from _base import Endpoint, serve


@serve
class Shared(Endpoint):
    def customer(self, user_id):
        type(self).current = super().customer(user_id)
        time.sleep(0.01)  # the query for the exchange rate
        return type(self).current
