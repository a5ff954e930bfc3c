// Fault: the response sets the authorization token as a cookie.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  respond(req, res, status, body) {
    res.setHeader('Set-Cookie', `billing_session=${encodeURIComponent(this.expected)}; HttpOnly`);
    super.respond(req, res, status, body);
  }
}());
