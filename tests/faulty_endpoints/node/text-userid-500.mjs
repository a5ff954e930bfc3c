// Fault: BigInt("abc") throws a SyntaxError, status 500.
import { Endpoint, Refusal, run } from './_base.mjs';

run(new class extends Endpoint {
  userId(text) {
    if (!text || BigInt(text) < 1n) throw new Refusal(400, 'No valid user id');
    return super.userId(text);
  }
}());
