"""A: the contract comes first. What contracts say, and whether the code, the pipeline and the last release agree."""
