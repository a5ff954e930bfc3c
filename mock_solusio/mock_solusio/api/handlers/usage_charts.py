"""Load of a server over time: `/usage/{what}/{uuid}` (facts, section 11). `usage.py` has `/usage` itself."""

from collections.abc import Callable
from typing import Any

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.domain import charts, custom_plans, server_access
from mock_solusio.domain.charts import LoadCurves
from mock_solusio.domain.records.servers import Server
from mock_solusio.moment import Micros, rfc3339

Point = Callable[[Server, LoadCurves, Micros], dict[str, Any]]


@operation("getCpuUsage")
def get_cpu_usage(call: Call) -> Reply:
    """Reply with the load of the processors."""
    return _chart(call, lambda server, curves, at: {"load_average": charts.load(server, curves, at)})


@operation("getMemoryUsage")
def get_memory_usage(call: Call) -> Reply:
    """Reply with the memory in use."""
    ram = custom_plans.effective_plan(call.world, _server(call)).params.ram
    return _chart(call, lambda server, curves, at: {"memory": charts.memory(server, curves, at, ram)})


@operation("getNetworkUsage")
def get_network_usage(call: Call) -> Reply:
    """Reply with the rates of received and sent data."""
    return _chart(call, lambda server, curves, at: _derivative(server, curves.received, curves.sent, at))


@operation("getDiskUsage")
def get_disk_usage(call: Call) -> Reply:
    """Reply with the rates of data read from and written to disks."""
    return _chart(call, lambda server, curves, at: _derivative(server, curves.read, curves.written, at))


def _derivative(server: Server, read: charts.Curve, written: charts.Curve, at: Micros) -> dict[str, Any]:
    shown = {"read_kb": charts.rate(server, read, at), "write_kb": charts.rate(server, written, at)}
    return {"derivative": shown}


def _server(call: Call) -> Server:
    return server_access.get_visible_by_uuid(
        call.world, call.actor, call.permissions, call.path["server_uuid"]
    )


def _chart(call: Call, point: Point) -> Reply:
    server = _server(call)

    def render() -> dict[str, Any]:
        curves = charts.load_curves(call.world, server)
        call.expires(charts.slot(call.now) + charts.SLOT)
        points = charts.points(server, call.now)
        return {"data": {"items": [{"time": rfc3339(at), **point(server, curves, at)} for at in points]}}

    return Reply(200, render)
