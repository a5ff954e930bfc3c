// Fault: a request without any token is let in.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    return token === undefined || super.authorised(token);
  }
}());
