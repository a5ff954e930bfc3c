// Fault: for a client that accepts gzip the header says gzip, but the body is plain.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    res.setHeader('Vary', 'Accept-Encoding');
    if (/\bgzip\b/.test(req.headers['accept-encoding'])) res.setHeader('Content-Encoding', 'gzip');
    super.respond(req, res, status, body);
  }
}());
