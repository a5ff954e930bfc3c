"""Looks at a real SolusIO, reading only, and judges the steps of the vendor's page that are made there."""
