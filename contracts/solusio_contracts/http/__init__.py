"""HTTP as a judge needs it: exchanges as bytes and values, and every departure from the protocol."""
