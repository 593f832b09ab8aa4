"""The page at / and what it reads at /api.

pages                              the page, its files, what may be asked for
memories, nights, exams, recognised  one view each
asked                              what a client put into the address of a request
"""
