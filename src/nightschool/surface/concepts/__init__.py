"""Behind `concept` and `recognise`: the user's library, pages that show what explained what, dreams of drawings."""
