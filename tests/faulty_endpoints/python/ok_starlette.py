"""Correct: an application of the Starlette framework, served by uvicorn."""

import hmac
import os

import uvicorn
from _base import CUSTOMERS, TOKEN
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"detail": message}, status)


async def pricing(request: Request) -> JSONResponse:
    await request.body()  # all of it: an early refusal would reset the connection
    form = await request.form()
    token, user_id = (str(form.get(name, "")) for name in ("token", "userid"))
    if TOKEN and not hmac.compare_digest(token.encode(), TOKEN.encode()):
        return refusal(401, "Wrong authorization token")
    if form.get("action") != "GetTokenPricing":
        return refusal(404, "Unknown action")
    if not (user_id.isascii() and user_id.isdigit() and len(user_id) < 19):
        return refusal(422, "userid is no number")
    if int(user_id) not in CUSTOMERS:
        return refusal(404, "Unknown user")
    return JSONResponse(CUSTOMERS[int(user_id)])


application = Starlette(routes=[Route("/", pricing, methods=["POST"])])
uvicorn.run(application, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="error")
