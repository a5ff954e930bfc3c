// Fault: a wrong token never gets a response, "to slow attackers down"; each keeps a connection open.
import { Endpoint, run } from './_base.mjs';

run(new class extends Endpoint {
  async authorised(token) {
    if (!super.authorised(token)) await new Promise(() => {});
    return true;
  }
}());
