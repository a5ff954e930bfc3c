"""Recordings of a real installation: made by a proxy or from HAR, without real names, and answered from."""
