<?php
// Correct: one request at a time, each takes long, as on a small shared host.
require __DIR__ . '/_base.php';

usleep(30_000);
(new Endpoint())->handle();
