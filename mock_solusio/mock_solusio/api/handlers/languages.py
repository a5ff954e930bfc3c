"""Languages (facts, section 10)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.people import language_view
from mock_solusio.domain.records.installation import LANGUAGES

Resource(language_view, sees=permitted(LANGUAGES)).list("listLanguages")
