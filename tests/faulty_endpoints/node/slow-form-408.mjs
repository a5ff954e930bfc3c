// Fault: a form that is not complete within a quarter of a second after its headers is refused.
import { setTimeout } from 'node:timers/promises';
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  async readBody(req) {
    const body = super.readBody(req);
    if ((await Promise.race([body, setTimeout(250)])) === undefined) {
      await body;
      throw new Refusal(408, 'Too slow');
    }
    return body;
  }
}());
