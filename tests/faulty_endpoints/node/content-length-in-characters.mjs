// Fault: Content-Length counts characters. A pound sign is one character and two bytes, so the
// last brace is cut off.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    res.writeHead(status, headers);
    res.end(body);
  }
}());
