// Correct: every refusal is the same 404 page.
import { Endpoint, run } from './_base.mjs';

const PAGE = '<!doctype html><title>Not found</title><h1>404</h1><p>Nothing here.</p>';

run(new class extends Endpoint {
  refuse(req, res) {
    res.writeHead(404, { 'Content-Type': 'text/html; charset=utf-8' }).end(PAGE);
  }
}());
