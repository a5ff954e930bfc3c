"""HTTP service: messages, ASGI, uvicorn, TLS."""
