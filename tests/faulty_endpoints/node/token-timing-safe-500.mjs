// Fault: timingSafeEqual() throws if the lengths differ: a wrong token gets a 500.
import { timingSafeEqual } from 'node:crypto';
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  authorised(token) {
    return timingSafeEqual(Buffer.from(token ?? ''), Buffer.from(this.expected));
  }
}());
