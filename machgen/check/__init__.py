"""`machgen check`: is this repository MACH, and safe to operate?

Rules are data plus one pure function over the repository's facts (`model.py`), grouped by letter: `microservices`,
`api_first`, `cloud_native`, `headless`, `landscape`. Facts are extracted once, when the first rule asks (`facts.py`).
A finding is true or it is a defect here; what cannot be decided is unknown and says why.
"""
