"""Fault: the list of customers is indexed with userid - 1, and index -1 is the last one in Python."""

from _base import CUSTOMERS, Endpoint, Refusal, serve

ROWS = list(CUSTOMERS.values())


@serve
class Indexed(Endpoint):
    def user_id(self, text):
        return 0 if text == "0" else super().user_id(text)

    def customer(self, user_id):
        if user_id > len(ROWS):
            raise Refusal(404, "No such user")
        return ROWS[user_id - 1]
