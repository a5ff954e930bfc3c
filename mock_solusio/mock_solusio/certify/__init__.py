"""`mock-solusio certify`: runs what is configured, and answers with the vendor's ten steps."""
