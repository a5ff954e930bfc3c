"""Asks the billing endpoint for prices, as SolusIO does."""
