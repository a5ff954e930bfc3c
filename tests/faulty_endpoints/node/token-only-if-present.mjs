// Fault: a request without a token is accepted.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    return token === undefined || super.authorised(token);
  }
}());
