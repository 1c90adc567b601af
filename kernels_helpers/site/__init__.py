"""The site: a page for every chapter, with its newest run as the evidence."""
