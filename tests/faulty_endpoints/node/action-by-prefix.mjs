// Fault: every action that starts with GetTokenPricing returns prices.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  checkAction(action) {
    super.checkAction(action?.slice(0, 'GetTokenPricing'.length));
  }
}());
