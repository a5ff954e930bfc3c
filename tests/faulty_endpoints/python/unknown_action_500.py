"""Fault: an action without a method causes an AttributeError, status 500."""

from _base import Endpoint, Refusal, serve


@serve
class Dispatching(Endpoint):
    def check_action(self, action):
        if not action:
            raise Refusal(400, "No action")
        getattr(self, f"action_{action}")

    def action_GetTokenPricing(self):  # noqa: N802 - the name of the action
        """Do nothing: this is the only action."""
