// Fault: every action that begins with GetTokenPricing is answered with prices.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  checkAction(action) {
    super.checkAction(action?.slice(0, 'GetTokenPricing'.length));
  }
}());
