"""The Python servers measured beside `mock-solusio serve`.

Run as a program: bare Starlette (`starlette`), or an application that only answers (`alone`), on uvicorn.
For granian, `starlette()` and `mock()` return the applications. What is not the mock sends its recorded
responses, read once from the folder in MOCK_SPEED_ANSWERS.
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any


def starlette() -> Any:
    """Return a Starlette application with only routes and prebuilt responses."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    folder = Path(os.environ["MOCK_SPEED_ANSWERS"])
    answers = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
    user, users, servers = (answers[name] for name in ("get_user", "list_users", "list_servers"))

    async def get_user(_: Request) -> Response:
        return Response(user, media_type="application/json")

    async def change_user(request: Request) -> Response:
        await request.body()
        return Response(user, media_type="application/json")

    async def list_users(_: Request) -> Response:
        return Response(users, media_type="application/json")

    def creating(name: str) -> Any:
        async def create(request: Request) -> Response:
            await request.body()
            return Response(answers[name], 201, media_type="application/json")

        return create

    async def list_servers(_: Request) -> Response:
        return Response(servers, media_type="application/json")

    return Starlette(
        routes=[
            Route("/api/v1/users", list_users),
            Route("/api/v1/users", creating("create_user"), methods=["POST"]),
            Route("/api/v1/users/{user_id}", get_user),
            Route("/api/v1/users/{user_id}", change_user, methods=["PATCH", "PUT"]),
            Route("/api/v1/users/{user_id}/tokens", creating("create_token"), methods=["POST"]),
            Route("/api/v1/servers", list_servers),
            Route("/api/v1/servers", creating("create_server"), methods=["POST"]),
        ]
    )


def alone() -> Any:
    """Return an application that only answers: what is left is uvicorn."""
    from mock_solusio.server.asgi import run_lifespan

    folder = Path(os.environ["MOCK_SPEED_ANSWERS"])
    user = (folder / "get_user.json").read_bytes()
    lists = {f"/api/v1/{name}": (folder / f"list_{name}.json").read_bytes() for name in ("users", "servers")}

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, nullcontext())
            return
        if scope["method"] == "GET":
            body = lists.get(scope["path"], user)
        else:
            body = user
            await receive()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def mock() -> Any:
    """Return the mock, as `mock-solusio serve` makes it."""
    from mock_solusio.app import Mock
    from mock_solusio.options import Options

    return Mock(Options(admin_token=os.environ["MOCK_SPEED_TOKEN"]))


def main(name: str, port: int) -> None:
    """Serve an application on uvicorn with the mock's settings."""
    from mock_solusio.server.uvicorn_server import listen, make_server

    app = alone() if name == "alone" else starlette()
    with listen("127.0.0.1", port) as listener:
        make_server(app).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
