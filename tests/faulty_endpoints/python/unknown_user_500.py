"""Fault: an unknown user causes a KeyError, status 500."""

from _base import CUSTOMERS, Endpoint, serve


@serve
class Unchecked(Endpoint):
    def customer(self, user_id):
        return CUSTOMERS[user_id]
