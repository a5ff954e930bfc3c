// Fault: 204 No Content for a customer without discounts.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    if (JSON.parse(body).discounts?.length === 0) res.writeHead(204).end();
    else super.respond(req, res, status, body);
  }
}());
