<?php
// Receives webhooks of SolusIO's event handlers. All parameters are in the URL; the body is empty.
// Run: HOOK_SECRET=... php -S 127.0.0.1:8000 webhook.php

$secret = getenv('HOOK_SECRET');
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_string($secret) || $secret === ''
    || !hash_equals($secret, (string) ($_GET['secret'] ?? ''))) {
    http_response_code(403);
    exit;
}

// A webhook may be lost, late, repeated or overtaken. So it is only a reason to look: note what to look at,
// once, and let a job of your own ask the API for the present state.
$db = new PDO('sqlite:' . (getenv('HOOK_DB') ?: __DIR__ . '/hooks.db'), null, null, [PDO::ATTR_TIMEOUT => 5]);
$db->exec('CREATE TABLE IF NOT EXISTS todo (what TEXT PRIMARY KEY)');
$what = isset($_GET['server_id']) ? 'server ' . (int) $_GET['server_id'] : 'user ' . (int) ($_GET['user_id'] ?? 0);
$db->prepare('INSERT OR IGNORE INTO todo VALUES (?)')->execute([$what]);
http_response_code(204);
