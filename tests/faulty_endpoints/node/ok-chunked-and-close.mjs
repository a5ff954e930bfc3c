// Correct: the response is sent in chunks split anywhere, and the connection closes after it.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    res.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 37) res.write(bytes.subarray(at, at + 37));
    res.end();
  }
}());
