"""A small billing system that answers SolusIO's GetTokenPricing; written to be read.

Read ``pricing`` first (what is answered), then ``form`` and ``app`` (how it is asked for). Nothing
is imported here, so that the command line starts fast.
"""

__all__ = ["app", "cli", "demo", "errors", "form", "money", "pricing", "serving", "store"]
