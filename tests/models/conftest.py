from __future__ import annotations

from tests.fault_server import home, reply, server

__all__ = ["home", "reply", "server"]
