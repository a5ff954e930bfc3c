"""The user area: pages for a browser, rendered on the server, complete without JavaScript."""
