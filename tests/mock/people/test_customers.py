"""Customers may not do what is reserved for operators."""

REFUSED = """
GET users users/1 users/999 roles roles/1 permissions limit_groups limit_groups/1
GET settings license updates activity_logs plans plans/1 ip_blocks ip_blocks/1 ip_blocks/1/ips storages/1
GET compute_resources compute_resources/1 compute_resources/1/settings compute_resources/1/networks
GET compute_resources/1/physical_volumes compute_resources/1/thin_pools compute_resources/1/install_steps
GET compute_resources/1/storages
POST users users/1/tokens roles limit_groups license/activate plans applications locations os_images
POST os_images/2/versions ip_blocks ip_blocks/1/ips
PUT plans/1 applications/1 locations/1 os_images/2 os_image_versions/4
PATCH plans/1 applications/1 locations/1 os_images/2 os_image_versions/4
DELETE users/1 users/{own} limit_groups/1 plans/1 applications/1 locations/1 os_images/2 os_image_versions/4
DELETE ip_blocks/1 ips/1 compute_resources/1
"""
BODIES = [
    ("PUT", "users/{own}", {"roles": [1]}),
    ("PATCH", "users/1", {"email": "x@y.z"}),
    ("PATCH", "settings", {"hostname": "x"}),
    ("DELETE", "plans", {"ids": [1]}),
    ("DELETE", "os_images", {"ids": [1]}),
]


def test_customers_are_refused(person):
    ada = person("ada")
    lines = [line.split() for line in REFUSED.split("\n") if line]
    calls = [(method, path, None if method == "GET" else {}) for method, *paths in lines for path in paths]
    for method, path, body in calls + BODIES:
        answer = ada.call(method, path.format(own=ada.id), body)
        assert (answer.status, answer.json) == (403, {"message": "This action is unauthorized."}), path
    assert ada.get("account").status == 200
