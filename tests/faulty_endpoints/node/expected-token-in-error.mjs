// Fault: the refusal of a wrong token contains the right one.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    if (super.authorised(token)) return true;
    throw new Refusal(401, `Wrong token, expected ${this.expected}`);
  }
}());
