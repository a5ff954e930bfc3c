// Fault: the POST gets a 302 to a page with the prices (POST, redirect, GET).
import { Endpoint, run } from './_base.mjs';

class Redirecting extends Endpoint {
  pages = new Map();

  respond(req, res, status, body) {
    const path = `/result/${this.pages.size}`;
    this.pages.set(path, body);
    res.writeHead(302, { Location: path, 'Content-Length': 0 }).end();
  }

  async handle(req, res) {
    const page = this.pages.get(req.url);
    if (req.method === 'GET' && page) super.respond(req, res, 200, page);
    else await super.handle(req, res);
  }
}

run(new Redirecting());
