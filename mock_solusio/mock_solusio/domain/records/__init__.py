"""What is stored: frozen records, and the tables that hold them."""
