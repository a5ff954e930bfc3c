"""The judgements, one module per area of the vendor's page."""
