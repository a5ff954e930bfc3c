// Fault: startsWith(): the right token followed by anything is accepted.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    return token !== undefined && token.startsWith(this.expected);
  }
}());
