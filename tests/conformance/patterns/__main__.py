"""Write the page anew."""

from tests.conformance.patterns.page import PAGE, page

PAGE.write_text(page())
