"""Fault: the response repeats the request "for debugging", including the authorization token."""

from _base import Endpoint, serve


@serve
class Echoing(Endpoint):
    def parameters(self, body):
        self.form = super().parameters(body)
        return self.form

    def pricing(self, customer):
        return {**customer, "request": self.form}
