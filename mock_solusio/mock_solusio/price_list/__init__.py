"""Prices in tokens and in money, before they are entered in SolusIO: steps 1 to 3 of the vendor's page."""
