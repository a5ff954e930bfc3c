// Fault: more than ten concurrent requests get 503.
import { setTimeout } from 'node:timers/promises';
import { Endpoint, run } from './_base.mjs';

let running = 0;

run(new class extends Endpoint {
  async handle(req, res) {
    running += 1;
    if (running > 10) {
      await this.readBody(req);
      super.respond(req, res, 503, '{"error":"Too busy"}');
    } else {
      // One call alone is answered at once, so that only those at the same time take long.
      await setTimeout(running > 1 ? 40 : 1);
      await super.handle(req, res);
    }
    running -= 1;
  }
}());
