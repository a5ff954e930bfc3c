// Fault: startsWith(): the right token with anything behind it opens.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    return token !== undefined && token.startsWith(this.expected);
  }
}());
