"""`make demo`: recorded floods through the real services, and a report in which every reading is counted."""
