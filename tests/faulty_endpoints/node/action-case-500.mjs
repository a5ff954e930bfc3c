// Fault: the route ignores case, but the name of its function does not: TypeError, status 500.
import { Endpoint, Refusal, run } from './_base.mjs';

const actions = { GetTokenPricing: () => {} };

run(new class extends Endpoint {
  checkAction(action) {
    if (action?.toLowerCase() !== 'gettokenpricing') throw new Refusal(400, 'Unknown action');
    actions[action]();
  }
}());
