"""Users and their login (steps 8 and 9): how a billing system must treat SolusIO's API."""
