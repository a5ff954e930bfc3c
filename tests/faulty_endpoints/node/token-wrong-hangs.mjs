// Fault: a wrong token is never answered, "to slow attackers down"; each keeps a connection open.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  async authorised(token) {
    if (!super.authorised(token)) await new Promise(() => {});
    return true;
  }
}());
