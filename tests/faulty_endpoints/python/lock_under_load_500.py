"""Fault: concurrent requests do not wait long enough for a lock: "database is locked"."""

import threading
import time
from typing import Any

from _base import Endpoint, serve

lock = threading.Lock()


class Locked(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        if not lock.acquire(timeout=0.1):
            raise RuntimeError("database is locked")
        try:
            time.sleep(0.02)
            return super().customer(user_id)
        finally:
            lock.release()


serve(Locked)
