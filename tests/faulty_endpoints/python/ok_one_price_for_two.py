"""Correct: customers 1 and 2 are in the same group and get the same response."""

from _base import Endpoint, serve


@serve
class Group(Endpoint):
    def customer(self, user_id):
        return super().customer(1 if user_id == 2 else user_id)
