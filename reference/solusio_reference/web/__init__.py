"""What browsers and `invoices check` see: pages and the adapter, and who may call them."""
