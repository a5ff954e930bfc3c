// Fault: the route is found whatever the case, the function behind it is not: TypeError, status 500.
import { Endpoint, Refusal, run } from './_base.mjs';

const actions = { GetTokenPricing: () => {} };

run(new class extends Endpoint {
  checkAction(action) {
    if (action?.toLowerCase() !== 'gettokenpricing') throw new Refusal(400, 'Unknown action');
    actions[action]();
  }
}());
