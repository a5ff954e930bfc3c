"""Fault: concurrent requests do not wait long enough for a lock: "database is locked"."""

import threading
import time

from _base import Endpoint, serve

lock = threading.Lock()


@serve
class Locked(Endpoint):
    def customer(self, user_id):
        if not lock.acquire(timeout=0.1):
            raise RuntimeError("database is locked")
        try:
            time.sleep(0.02)
            return super().customer(user_id)
        finally:
            lock.release()
