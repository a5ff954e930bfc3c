"""What is stored: immutable records, and the tables that hold them."""
