"""Languages (facts, section 10)."""

from mock_solusio.api.call import Call, Reply, listed, operation
from mock_solusio.api.views.people import language_view
from mock_solusio.domain.records.installation import LANGUAGES


@operation("listLanguages")
def list_languages(call: Call) -> Reply:
    """Answer a page of languages."""
    return listed(call, LANGUAGES, language_view)
